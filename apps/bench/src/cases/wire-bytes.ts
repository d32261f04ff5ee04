import { randomBytes } from "node:crypto";
import {
  type DatabaseActivityEvent,
  ENGINE_TRAITS,
  type Engine,
  MarkerList,
  type Provenance,
  stringifyExact,
} from "@das/core";
import { type DataKey, seal } from "@das/envelope";
import { MIX_SEED, MIX_VERSION } from "../mix/event-mix.ts";
import { type MixSample, meanJsonBytes, readMix } from "../mix/read-mix.ts";
import { ORACLE_RELEASE, readOracleMix } from "../mix/read-oracle-mix.ts";
import { Child } from "../processes/child.ts";
import type { EmulatorProgram } from "../programs/emulator.ts";
import { EMULATOR } from "../programs/programs.ts";
import type { CaseLine } from "../report/case-line.ts";
import { type Case, SAMPLE_EVENTS } from "./case.ts";

const EVENTS_PER_RECORD = [1, 10, 100, 500];
/** Bytes of an event at 100 events a record. */
const BAR = { withoutNativeFields: 110, withNativeFields: 170 };
/** What provenance may add at 100 events a record. */
const PROVENANCE_BAR = 0.05;
const RECORDS_UNDER_WAY = 4;
/** What KMS gives for a key of 32 bytes under a symmetric key. */
const KMS_CIPHERTEXT_BYTES = 184;

/** How many bytes of the stream an event takes, by how many share a record. */
export const wireBytes: Case = async () => {
  const lines: CaseLine[] = [];
  for (const statements of ["prepared", "made up"] as const) {
    await using emulator = new Child<EmulatorProgram>(EMULATOR);
    const address = await emulator.ask("start", { rows: SAMPLE_EVENTS, statements });
    const mix = await readMix(address, SAMPLE_EVENTS);
    const of = { engine: "sqlserver", statements, version: MIX_VERSION } as const;
    lines.push(await lineOf(mix, of, "withoutNativeFields"), await lineOf(mix, of, "withNativeFields"));
  }
  const mix = await readOracleMix(SAMPLE_EVENTS);
  const of = { engine: "oracle", statements: "made up", version: ORACLE_RELEASE } as const;
  lines.push(await lineOf(mix, of, "withoutNativeFields"), await lineOf(mix, of, "withNativeFields"));
  return lines;
};

interface Measured {
  readonly engine: Engine;
  readonly statements: string;
  readonly version: string;
}

async function lineOf(mix: MixSample, measured: Measured, variant: keyof typeof BAR): Promise<CaseLine> {
  const { engine } = measured;
  const events = mix[variant];
  const figures: Record<string, number> = {};
  for (const size of EVENTS_PER_RECORD) {
    figures[`bytesPerEventAt${size}`] = await bytesPerEvent(events, engine, size, provenanceOf(mix, size));
  }
  const without = await bytesPerEvent(events, engine, 100, () => undefined);
  figures.provenanceShareAt100 = (figures.bytesPerEventAt100 ?? 0) / without - 1;
  return {
    case: "wire-bytes",
    measures:
      "bytes of the whole Kinesis record (outer JSON, base64, key) divided by its events; statements: as applications " +
      "send them, or each one made up anew",
    parameters: {
      ...measured,
      events: events.length,
      meanJsonBytes: Math.round(meanJsonBytes(events)),
      nativeAuditFields: variant === "withNativeFields",
      seed: MIX_SEED,
      mix: mix.digest,
    },
    figures,
    bar: { bytesPerEventAt100: BAR[variant], provenanceShareAt100: PROVENANCE_BAR },
  };
}

/** What the publisher says in each record: with a few records under way, the watermark of some records ago. */
function provenanceOf(
  { source, history, markers, cursors }: MixSample,
  eventsPerRecord: number,
): (from: number) => Provenance {
  const epoch = randomBytes(9).toString("base64url");
  return (from) => {
    const sequence = from / eventsPerRecord;
    const acked = Math.max(-1, sequence - RECORDS_UNDER_WAY);
    const list = new MarkerList();
    for (const marker of markers.slice(from, from + eventsPerRecord)) list.add(marker);
    return {
      generation: 1,
      source,
      history,
      epoch,
      lane: 0,
      sequence,
      acked,
      watermark: cursors[Math.max(0, (acked + 1) * eventsPerRecord)] ?? null,
      behind: [Math.max(0, acked)],
      markers: list.take(),
    };
  };
}

async function bytesPerEvent(
  events: readonly DatabaseActivityEvent[],
  engine: Engine,
  eventsPerRecord: number,
  provenanceAt: (from: number) => Provenance | undefined,
): Promise<number> {
  const key: DataKey = {
    plaintext: randomBytes(32),
    encrypted: randomBytes(KMS_CIPHERTEXT_BYTES).toString("base64"),
  };
  let bytes = 0;
  for (let from = 0; from < events.length; from += eventsPerRecord) {
    const provenance = provenanceAt(from);
    const inner = {
      type: "DatabaseActivityMonitoringRecord",
      clusterId: "",
      instanceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
      databaseActivityEventList: events.slice(from, from + eventsPerRecord),
      ...(provenance && { provenance }),
    };
    const sealed = await seal(stringifyExact(inner), key, ENGINE_TRAITS[engine].recordVersion);
    bytes += sealed.bytes.byteLength;
  }
  return bytes / events.length;
}
