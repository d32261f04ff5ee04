import { randomBytes } from "node:crypto";
import { ENGINE_TRAITS, MarkerList, type Provenance, type SqlServerEvent, stringifyExact } from "@das/core";
import { type DataKey, seal } from "@das/envelope";
import { AUDIT_NAME } from "@das/sqlserver-reader";
import { MIX_SEED, MIX_VERSION, type MixStatements } from "../mix/event-mix.ts";
import { type MixSample, meanJsonBytes, readMix } from "../mix/read-mix.ts";
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
    lines.push(await lineOf(mix, statements, "withoutNativeFields"), await lineOf(mix, statements, "withNativeFields"));
  }
  return lines;
};

async function lineOf(mix: MixSample, statements: MixStatements, variant: keyof typeof BAR): Promise<CaseLine> {
  const events = mix[variant];
  const figures: Record<string, number> = {};
  for (const size of EVENTS_PER_RECORD) {
    figures[`bytesPerEventAt${size}`] = await bytesPerEvent(events, size, provenanceOf(mix, size));
  }
  const without = await bytesPerEvent(events, 100, () => undefined);
  figures.provenanceShareAt100 = (figures.bytesPerEventAt100 ?? 0) / without - 1;
  return {
    case: "wire-bytes",
    measures:
      "bytes of the whole Kinesis record (outer JSON, base64, key) divided by its events; statements: as applications " +
      "send them, or each one made up anew",
    parameters: {
      statements,
      events: events.length,
      meanJsonBytes: Math.round(meanJsonBytes(events)),
      nativeAuditFields: variant === "withNativeFields",
      version: MIX_VERSION,
      seed: MIX_SEED,
      mix: mix.digest,
    },
    figures,
    bar: { bytesPerEventAt100: BAR[variant], provenanceShareAt100: PROVENANCE_BAR },
  };
}

/** What the publisher says in each record: with a few records under way, the watermark of some records ago. */
function provenanceOf({ markers, cursors }: MixSample, eventsPerRecord: number): (from: number) => Provenance {
  const epoch = randomBytes(9).toString("base64url");
  return (from) => {
    const sequence = from / eventsPerRecord;
    const acked = Math.max(-1, sequence - RECORDS_UNDER_WAY);
    const list = new MarkerList();
    for (const marker of markers.slice(from, from + eventsPerRecord)) list.add(marker);
    return {
      generation: 1,
      source: `sqlserver:a:${AUDIT_NAME}`,
      history: "",
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
  events: readonly SqlServerEvent[],
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
    const sealed = await seal(stringifyExact(inner), key, ENGINE_TRAITS.sqlserver.recordVersion);
    bytes += sealed.bytes.byteLength;
  }
  return bytes / events.length;
}
