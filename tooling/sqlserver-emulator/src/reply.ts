/** One reply: what statements give becomes tokens in packets, as fast as the client takes them. */
import { skippedBlock } from "./catalog/audit-file-function.ts";
import type { EncodedBlocks } from "./encoded-blocks.ts";
import type { FaultPlan } from "./faults.ts";
import { ByteWriter } from "./protocol/byte-writer.ts";
import { hasNullBitmapRows, hasTimeTypes } from "./protocol/login7.ts";
import type { ReplyWriter } from "./protocol/packets.ts";
import { RowCodec, withoutTimeTypes } from "./protocol/rows.ts";
import {
  type DoneFlags,
  type ServerMessage,
  writeColumnMetadata,
  writeDone,
  writeEnvironmentChange,
  writeResetAcknowledgement,
  writeReturnStatus,
  writeServerMessage,
  writeTransactionChange,
} from "./protocol/tokens.ts";
import type { TransactionVerb } from "./run-transaction.ts";
import type { AuditSelect } from "./sql/compile-select.ts";
import type { QueryResult, ReplySink } from "./sql/interpreter.ts";
import { ServerError } from "./sql/server-error.ts";
import type { StatementRecord } from "./statement-log.ts";

export interface ReplyParts {
  readonly writer: ReplyWriter;
  readonly kind: "batch" | "rpc";
  readonly tdsVersion: number;
  readonly serverName: string;
  /** Aborts when the client cancels or has gone. */
  readonly cancelled: AbortSignal;
  readonly faults: FaultPlan;
  readonly blocks: EncodedBlocks;
  readonly record: StatementRecord;
  readonly readErrors: "before columns" | "after columns";
  /** Kills the connection, for a fault. */
  kill(): void;
}

/** The client cancelled, or has gone: nothing more is produced. */
export class Cancelled extends Error {}

/** Small things are collected up to this many bytes before they go to the packets. */
const FLUSH_SIZE = 32 * 1024;
type RowsFault = NonNullable<ReturnType<typeof FaultPlan.prototype.take<"rows">>>;

export class Reply implements ReplySink {
  readonly #parts: ReplyParts;
  readonly #out = new ByteWriter(4096);
  /** The DONE of the last statement; whether more follows is known only then. */
  #pendingDone: DoneFlags | undefined;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
  }

  resetConnection(): void {
    writeResetAcknowledgement(this.#out);
  }

  message(message: ServerMessage): void {
    this.#writePendingDone();
    writeServerMessage(this.#out, message, this.#parts.serverName);
  }

  databaseChanged(now: string, before: string): void {
    this.#writePendingDone();
    writeEnvironmentChange(this.#out, "database", now, before);
  }

  transactionChanged(verb: TransactionVerb, descriptor: bigint): void {
    this.#writePendingDone();
    writeTransactionChange(this.#out, verb, descriptor);
  }

  done(): void {
    this.#statementDone({});
  }

  async rows(result: QueryResult): Promise<void> {
    const { tdsVersion, faults, record } = this.#parts;
    const columns = hasTimeTypes(tdsVersion) ? result.columns : withoutTimeTypes(result.columns);
    const begin = () => {
      this.#writePendingDone();
      writeColumnMetadata(this.#out, columns);
    };
    const sentBefore = record.rowsSent;
    const fault = faults.take("rows", record.text);
    if (result.audit) await this.#auditRows(result.audit, columns, begin, fault);
    else await this.#plainRows(result, columns, begin, fault);
    this.#statementDone({ count: record.rowsSent - sentBefore });
  }

  /** The rest of a reply that ends well. */
  async complete(returnStatus: number): Promise<void> {
    const { kind } = this.#parts;
    if (kind === "rpc") {
      this.#writePendingDone();
      writeReturnStatus(this.#out, returnStatus);
      writeDone(this.#out, "procedure", {});
    } else {
      writeDone(this.#out, "statement", this.#pendingDone ?? {});
    }
    await this.#end();
  }

  /** The rest of one that an error or a cancellation ends. */
  async fail(error: ServerMessage | undefined): Promise<void> {
    this.#writePendingDone();
    if (error) writeServerMessage(this.#out, error, this.#parts.serverName);
    writeDone(this.#out, this.#parts.kind === "rpc" ? "procedure" : "statement", { error: true });
    await this.#end();
  }

  async #plainRows(
    result: QueryResult,
    columns: QueryResult["columns"],
    begin: () => void,
    fault: RowsFault | undefined,
  ): Promise<void> {
    const { record, tdsVersion } = this.#parts;
    const codec = new RowCodec(columns, hasNullBitmapRows(tdsVersion));
    begin();
    let count = 0;
    for (const values of result.run()) {
      if (fault && count === fault.after) await this.#strike(fault);
      codec.write(this.#out, values);
      count += 1;
      record.rowsSent += 1;
      if (this.#out.length > FLUSH_SIZE) await this.#flush();
    }
    if (fault) await this.#strike(fault);
  }

  async #auditRows(
    audit: AuditSelect,
    columns: QueryResult["columns"],
    begin: () => void,
    fault: RowsFault | undefined,
  ): Promise<void> {
    const { record, blocks, readErrors, tdsVersion } = this.#parts;
    const encoding = blocks.encodingOf(audit, tdsVersion, () => new RowCodec(columns, hasNullBitmapRows(tdsVersion)));
    let begun = readErrors === "after columns";
    if (begun) begin();
    let left = fault?.after ?? Number.POSITIVE_INFINITY;
    for (const part of audit.parts()) {
      if (!begun) begin();
      begun = true;
      const { file, block } = part;
      if (block.unreadable) {
        this.message(skippedBlock(part));
        continue;
      }
      const count = Math.min(block.rows.length, left);
      const isWhole = count === block.rows.length;
      await this.#flush(isWhole ? blocks.get(encoding, file, block) : blocks.encode(encoding, file, block, 0, count));
      record.rowsSent += count;
      left -= count;
      if (fault && left === 0) await this.#strike(fault);
    }
    if (!begun) begin();
    if (fault) await this.#strike(fault);
  }

  async #strike(fault: RowsFault): Promise<void> {
    const { cancelled, writer } = this.#parts;
    await this.#flush();
    await writer.push();
    if (fault.ending === "kill") {
      this.#parts.kill();
      throw new Cancelled();
    }
    if (fault.ending === "stall") {
      await new Promise<void>((resolve) => {
        if (cancelled.aborted) resolve();
        else cancelled.addEventListener("abort", () => resolve(), { once: true });
      });
      throw new Cancelled();
    }
    const { number, text, severity, state } = fault.ending.error;
    throw new ServerError(number, text, severity, state);
  }

  #statementDone(flags: DoneFlags): void {
    this.#writePendingDone();
    this.#pendingDone = flags;
  }

  #writePendingDone(): void {
    if (!this.#pendingDone) return;
    const kind = this.#parts.kind === "rpc" ? "inProcedure" : "statement";
    writeDone(this.#out, kind, { ...this.#pendingDone, more: true });
    this.#pendingDone = undefined;
  }

  /** Gives what was collected, and then `bytes`, to the packets; waits for the client; notices a cancellation. */
  async #flush(bytes?: Buffer): Promise<void> {
    const { writer, cancelled } = this.#parts;
    let waiting: Promise<void> | undefined;
    if (this.#out.length > 0) waiting = writer.write(this.#out.take());
    if (bytes) waiting = writer.write(bytes) ?? waiting;
    if (waiting) await waiting;
    if (cancelled.aborted) throw new Cancelled();
  }

  async #end(): Promise<void> {
    const { writer } = this.#parts;
    if (this.#out.length > 0) await writer.write(this.#out.take());
    await writer.end();
  }
}
