import type { AuditBatch, AuditReader, AuditSource, CheckReport, InstanceContext, Resume } from "@das/core";
import type { OracleReader, OracleRow } from "../../src/index.ts";

/**
 * A reader that leaves out what others do in the database: only rows of one schema's objects are given. Everything else
 * is the reader's own doing.
 */
export class ReaderOfSchema implements AuditReader<OracleRow> {
  readonly engine = "oracle";
  readonly #reader: OracleReader;
  readonly #schema: string;

  constructor(reader: OracleReader, schema: string) {
    this.#reader = reader;
    this.#schema = schema;
  }

  check(signal: AbortSignal): Promise<CheckReport> {
    return this.#reader.check(signal);
  }

  async *sources(signal: AbortSignal): AsyncGenerator<readonly AuditSource<OracleRow>[]> {
    for await (const sources of this.#reader.sources(signal)) yield sources.map((source) => this.#narrow(source));
  }

  toEvent(row: OracleRow, context: InstanceContext) {
    return this.#reader.toEvent(row, context);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader[Symbol.asyncDispose]();
  }

  #narrow(source: AuditSource<OracleRow>): AuditSource<OracleRow> {
    const schema = this.#schema;
    return {
      id: source.id,
      history: source.history,
      compare: (a, b) => source.compare(a, b),
      marker: (row) => source.marker(row),
      acknowledged: (watermark) => source.acknowledged(watermark),
      async *read(resume: Resume, signal: AbortSignal): AsyncGenerator<AuditBatch<OracleRow>> {
        for await (const batch of source.read(resume, signal)) {
          yield { ...batch, rows: batch.rows.filter((row) => columnOf(row, "OBJECT_SCHEMA") === schema) };
        }
      },
    };
  }
}

/** Of a column of the trail; null for NULL. */
export function columnOf(row: OracleRow, column: string): string | null {
  return row.values[row.trail.columns.findIndex(({ name }) => name === column)] ?? null;
}
