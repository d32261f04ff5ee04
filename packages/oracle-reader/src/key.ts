import { hash } from "node:crypto";
import { utcTime } from "@das/core";
import { KEY_COLUMNS } from "./audit-server.ts";
import { MAPPED_COLUMNS, MARKER_COLUMNS, SHARED_COLUMNS, TIME_COLUMN } from "./columns.ts";
import { parseOsProcess } from "./parse-os-process.ts";
import type { OracleRow, OracleValue, TrailDescription } from "./row.ts";

/**
 * What a row is known by: 128 bits of its key columns (Oracle notes §1.4). Rows that nothing but their ordinal tells
 * apart have the same one.
 */
export type RowKey = string & { readonly rowKey: unique symbol };

const KEY_BYTES = 16;
/** Enough to tell apart the few rows that have one key. */
const CONTENT_BYTES = 6;
const TIME_IN_KEY = KEY_COLUMNS.indexOf(TIME_COLUMN);

export function keyOf(row: OracleRow): RowKey {
  const parts = planOf(row.trail).key.map((index) => row.values[index] ?? null);
  parts[TIME_IN_KEY] = row.time;
  return keyOfParts(parts);
}

/** @param values of `KEY_COLUMNS`, in their order, as a query for keys alone gives them */
export function keyOfValues(values: readonly OracleValue[]): RowKey {
  const parts = [...values];
  parts[TIME_IN_KEY] = utcTime(values[TIME_IN_KEY] ?? "");
  return keyOfParts(parts);
}

function keyOfParts(parts: readonly OracleValue[]): RowKey {
  return digestOf(parts, KEY_BYTES) as RowKey;
}

/**
 * A digest of what a row says beyond its key, as far as it is always selected: which of the rows of one key it is.
 * Eight characters.
 */
export function contentOf(row: OracleRow): string {
  const parts = planOf(row.trail).content.map((index) => row.values[index] ?? null);
  return digestOf(parts, CONTENT_BYTES);
}

/** The parts go through JSON, so that no NULL, no empty text and no shifted field gives the digest of other parts. */
function digestOf(parts: readonly OracleValue[], bytes: number): string {
  return hash("sha256", JSON.stringify(parts), "buffer").toString("base64url", 0, bytes);
}

/**
 * What no event field carries of that which tells rows apart (architecture §5): INSTANCE_ID, ENTRY_ID, OS_PROCESS when
 * `pid` does not say all of it, FGA_POLICY_NAME, and the ordinal among equal keys when it is not 0. Without a blank or
 * an asterisk, and different for different values.
 */
export function markerOf(row: OracleRow): string {
  const { instanceId, entryId, osProcess, fgaPolicyName } = planOf(row.trail);
  const process = row.values[osProcess] ?? null;
  const pid = parseOsProcess(process);
  const parts = [
    row.values[instanceId] ?? null,
    row.values[entryId] ?? null,
    pid !== null && String(pid) === process ? null : process,
    row.values[fgaPolicyName] ?? null,
    row.ordinal === 0 ? null : String(row.ordinal),
  ];
  return parts.map(markerPart).join(":").replace(/:+$/, "");
}

/** `%` for an empty text; whatever is no letter, digit, `_`, `$`, `.` or `-` as `%` and its four hex digits. */
function markerPart(value: OracleValue): string {
  if (value === null) return "";
  if (value === "") return "%";
  return value.replace(/[^\w$.-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The order in which a slice is given out: time, session, entry, statement, then the rest of the key (Oracle notes
 * §2.4), and among equal keys whatever else is always selected, so that every read numbers them alike.
 */
export function compareRows(a: OracleRow, b: OracleRow): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  const [inA, inB] = [planOf(a.trail).order, planOf(b.trail).order];
  for (const [place, indexInA] of inA.entries()) {
    const first = a.values[indexInA] ?? null;
    const second = b.values[inB[place] ?? -1] ?? null;
    if (first === second) continue;
    return place < NUMBERS_IN_ORDER.length ? compareNumbers(first, second) : compareTexts(first, second);
  }
  return 0;
}

/** Digits of any length, as numbers: what is longer is greater. Any other text has a place too. NULL comes first. */
function compareNumbers(a: OracleValue, b: OracleValue): number {
  if (a === null || b === null || a.length === b.length) return compareTexts(a, b);
  return a.length - b.length;
}

function compareTexts(a: OracleValue, b: OracleValue): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

const NUMBERS_IN_ORDER = ["SESSIONID", "ENTRY_ID", "STATEMENT_ID"];

const OTHER_KEY_COLUMNS = KEY_COLUMNS.filter((name) => name !== TIME_COLUMN && !NUMBERS_IN_ORDER.includes(name));

/** What is always selected and not part of the key. None of it changes when a spillover file is loaded. */
const CONTENT_COLUMNS = [...Object.values(MAPPED_COLUMNS), ...Object.values(SHARED_COLUMNS)].filter(
  (name) => !(KEY_COLUMNS as readonly string[]).includes(name),
);

/** Where the columns stand in the values; -1 when the trail does not have one. */
interface KeyPlan {
  readonly key: readonly number[];
  readonly content: readonly number[];
  readonly order: readonly number[];
  readonly instanceId: number;
  readonly entryId: number;
  readonly osProcess: number;
  readonly fgaPolicyName: number;
}

const plans = new WeakMap<TrailDescription, KeyPlan>();

function planOf(trail: TrailDescription): KeyPlan {
  let plan = plans.get(trail);
  if (!plan) {
    const names = trail.columns.map(({ name }) => name);
    const indexOf = (name: string) => names.indexOf(name);
    plan = {
      key: KEY_COLUMNS.map(indexOf),
      content: CONTENT_COLUMNS.map(indexOf),
      order: [...NUMBERS_IN_ORDER, ...OTHER_KEY_COLUMNS, ...CONTENT_COLUMNS].map(indexOf),
      instanceId: indexOf(MARKER_COLUMNS.instanceId),
      entryId: indexOf(MARKER_COLUMNS.entryId),
      osProcess: indexOf(MAPPED_COLUMNS.osProcess),
      fgaPolicyName: indexOf(MARKER_COLUMNS.fgaPolicyName),
    };
    plans.set(trail, plan);
  }
  return plan;
}
