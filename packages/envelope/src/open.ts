import { gunzipSync } from "node:zlib";
import { type InnerRecord, parseExact } from "@das/core";
import { brokenRecord } from "./broken-record.ts";
import type { DataKeyLease } from "./data-key.ts";
import { decryptMessage } from "./decrypt-message.ts";
import { OUTER_TYPE } from "./outer-record.ts";

/** Lends the plaintext data key of a record by its member `key` (`DataKeyCache`). */
export interface DataKeySource {
  /** @throws RecordError, RefusedError, UnavailableError */
  lend(encrypted: string): Promise<DataKeyLease>;
}

export interface OpenOptions {
  /** Largest inner record after decompression, in bytes; 64 MiB when absent. gzip may inflate a thousandfold. */
  readonly maxInnerBytes?: number;
}

export interface OpenedRecord {
  /** Of the outer record; the only member that nothing authenticates. */
  readonly version: string;
  /**
   * Its own four members have been checked. The events are as their producer wrote them, with every field, known or
   * not; only `type` is added where it is missing. Integers beyond 2^53 are bigints.
   */
  readonly inner: InnerRecord;
}

const INNER_MAX_BYTES = 64 * 1_048_576;

/** Versions 1.0 to 1.4 differ in the fields of their events only, as would a later 1.x (wire format §4). */
const READABLE_VERSION = /^1\.\d+$/;

/**
 * Opens one outer record, ours or AWS's (wire format §§2–4, 12).
 * @param record one JSON object; where several may stand together, split them first (`splitRecords`)
 * @throws RecordError when this record is broken: its code says how, nothing of its content is in it
 * @throws RefusedError, UnavailableError when KMS does not decrypt its key
 */
export async function open(record: Uint8Array, keys: DataKeySource, options: OpenOptions = {}): Promise<OpenedRecord> {
  const outer = parseOuter(record);
  const message = fromBase64(outer.databaseActivityEvents);
  // Only checked: KMS keys are cached by this text, so each must have one spelling.
  fromBase64(outer.key);
  const compressed = await decryptWithKey(message, outer.key, keys);
  const inner = parseInner(gunzip(compressed, options.maxInnerBytes ?? INNER_MAX_BYTES));
  return { version: outer.version, inner };
}

interface Outer {
  readonly version: string;
  readonly databaseActivityEvents: string;
  readonly key: string;
}

/** Members that we do not know are ignored (wire format §11.16). */
function parseOuter(record: Uint8Array): Outer {
  let outer: unknown;
  try {
    outer = JSON.parse(textOf(record));
  } catch {
    throw brokenRecord("outer-not-json");
  }
  if (!isObject(outer) || outer.type !== OUTER_TYPE) throw brokenRecord("outer-type");
  const { version, databaseActivityEvents, key } = outer;
  if (typeof databaseActivityEvents !== "string" || typeof key !== "string") throw brokenRecord("outer-type");
  if (typeof version !== "string" || !READABLE_VERSION.test(version)) throw brokenRecord("version");
  return { version, databaseActivityEvents, key };
}

/** Strict: Node's decoder skips what it does not know, so one text would have many readings. */
function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.byteLength === 0 || bytes.toString("base64") !== text) throw brokenRecord("base64");
  return bytes;
}

async function decryptWithKey(message: Buffer, key: string, keys: DataKeySource): Promise<Buffer> {
  const lease = await keys.lend(key);
  try {
    return await decryptMessage(message, lease.plaintext);
  } finally {
    lease[Symbol.dispose]();
  }
}

function gunzip(compressed: Buffer, maxInnerBytes: number): Buffer {
  try {
    return gunzipSync(compressed, { maxOutputLength: maxInnerBytes });
  } catch (error) {
    const tooLarge = error instanceof RangeError && (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw brokenRecord(tooLarge ? "inner-too-large" : "gzip");
  }
}

function parseInner(json: Buffer): InnerRecord {
  let inner: unknown;
  try {
    inner = parseExact(textOf(json));
  } catch {
    throw brokenRecord("inner-not-json");
  }
  if (!isInnerRecord(inner)) throw brokenRecord("inner-type");
  for (const event of inner.databaseActivityEventList) {
    // AWS documents Oracle events without `type` (wire format §12).
    event.type ??= "record";
  }
  return inner;
}

function isInnerRecord(inner: unknown): inner is InnerRecord {
  return (
    isObject(inner) &&
    inner.type === "DatabaseActivityMonitoringRecord" &&
    typeof inner.clusterId === "string" &&
    typeof inner.instanceId === "string" &&
    Array.isArray(inner.databaseActivityEventList) &&
    inner.databaseActivityEventList.every(isObject)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws TypeError when the bytes are not UTF-8 */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
