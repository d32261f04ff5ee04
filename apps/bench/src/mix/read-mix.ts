import { createHash } from "node:crypto";
import { type Cursor, type DatabaseActivityEvent, type SqlServerEvent, silentLogger, stringifyExact } from "@das/core";
import { AUDIT_NAME, SqlServerReader } from "@das/sqlserver-reader";
import type { EmulatorAddress } from "../programs/emulator.ts";

/** The mix as events, as the reader maps them. */
export interface MixSample {
  /** Its id. */
  readonly source: string;
  readonly history: string;
  readonly withoutNativeFields: readonly DatabaseActivityEvent[];
  readonly withNativeFields: readonly DatabaseActivityEvent[];
  /** Of each event. */
  readonly markers: readonly string[];
  /** Of each event: the place after the batch that it was read in. */
  readonly cursors: readonly Cursor[];
  /** Of what is the same in each run: the same text, the same mix, so figures of two runs compare. */
  readonly digest: string;
}

/** The first rows of the audit through the real driver. */
export async function readMix(emulator: EmulatorAddress, count: number): Promise<MixSample> {
  await using reader = new SqlServerReader({
    resourceId: "db-BENCH",
    connection: {
      instanceId: "a",
      host: emulator.host,
      port: emulator.port,
      user: emulator.user,
      password: emulator.password,
      certificateAuthority: emulator.ca,
      certificateName: "localhost",
    },
    serverHost: "10.0.1.30",
    logger: silentLogger,
  });
  const reading = new AbortController();
  const withoutNativeFields: SqlServerEvent[] = [];
  const withNativeFields: SqlServerEvent[] = [];
  const markers: string[] = [];
  const cursors: Cursor[] = [];
  let of = { id: "", history: "" };
  for await (const [source] of reader.sources(reading.signal)) {
    if (!source) throw new Error(`the reader has no source ${AUDIT_NAME}`);
    of = source;
    for await (const { rows, cursor, instance } of source.read(async () => undefined, reading.signal)) {
      for (const row of rows.slice(0, count - withNativeFields.length)) {
        withoutNativeFields.push(reader.toEvent(row, { ...instance, nativeAuditFields: "omit" }));
        withNativeFields.push(reader.toEvent(row, { ...instance, nativeAuditFields: "include" }));
        markers.push(source.marker(row));
        cursors.push(cursor);
      }
      if (withNativeFields.length === count) break;
    }
    break;
  }
  reading.abort();
  const { id, history } = of;
  return {
    source: id,
    history,
    withoutNativeFields,
    withNativeFields,
    markers,
    cursors,
    // Without the audit's own first row, which says when this emulator was started.
    digest: digestOf(withNativeFields.slice(1).map((event) => stringifyExact(event))),
  };
}

export function digestOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text);
  return hash.digest("hex").slice(0, 12);
}

export function meanJsonBytes(events: readonly DatabaseActivityEvent[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(stringifyExact(event)), 0) / events.length;
}
