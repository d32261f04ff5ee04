/** One reply: what a call gives becomes messages in packets, as fast as the client takes them. */
import type { OpenResult } from "./cursors.ts";
import { errorOf } from "./faults.ts";
import { ByteWriter } from "./protocol/byte-writer.ts";
import { type EndOfCall, writeEndOfCall, writeStatus } from "./protocol/end-of-call.ts";
import type { ReplyWriter } from "./protocol/packets.ts";
import { writeRowHeader } from "./protocol/rows.ts";

/** The client broke, or has gone: nothing more is produced. */
export class Cancelled extends Error {}

/** Small things are collected up to this many bytes before they go to the packets. */
const FLUSH_SIZE = 32 * 1024;

export interface ReplyParts {
  readonly writer: ReplyWriter;
  /** Aborts when the client breaks or has gone. */
  readonly cancelled: AbortSignal;
  /** Kills the connection, for a fault. */
  kill(): void;
}

export class Reply {
  readonly #parts: ReplyParts;
  readonly out = new ByteWriter(4096);
  rowsSent = 0;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
  }

  /**
   * Up to so many of the rows that are left.
   * @returns whether the result has ended
   */
  async rows(result: OpenResult, wanted: number): Promise<boolean> {
    const { out } = this;
    const { rows, codec, fault } = result;
    writeRowHeader(out);
    for (let count = 0; count < wanted; count += 1) {
      if (fault && result.rowsSent === fault.after) await this.#strike(fault.ending);
      const next = rows.next();
      if (next.done) {
        if (fault && result.rowsSent < fault.after) await this.#strike(fault.ending);
        return true;
      }
      const begin = out.length;
      try {
        codec.write(out, next.value);
      } catch (error) {
        out.truncate(begin);
        throw error;
      }
      result.rowsSent += 1;
      this.rowsSent += 1;
      if (out.length > FLUSH_SIZE) await this.#flush();
    }
    return false;
  }

  async end(end: EndOfCall): Promise<void> {
    writeEndOfCall(this.out, end);
    await this.complete();
  }

  async status(): Promise<void> {
    writeStatus(this.out);
    await this.complete();
  }

  /** Everything goes out. */
  async complete(): Promise<void> {
    await this.#flush();
    await this.#parts.writer.push();
  }

  async #strike(ending: NonNullable<OpenResult["fault"]>["ending"]): Promise<void> {
    const { cancelled, writer, kill } = this.#parts;
    if (typeof ending === "object") throw errorOf(ending.error);
    await this.#flush();
    await writer.push();
    if (ending === "kill") kill();
    else await aborted(cancelled);
    throw new Cancelled();
  }

  /** Gives what was collected to the packets; waits for the client; notices that it gave up. */
  async #flush(): Promise<void> {
    const { writer, cancelled } = this.#parts;
    if (cancelled.aborted) throw new Cancelled();
    if (this.out.length > 0) await writer.write(this.out.take());
    if (cancelled.aborted) throw new Cancelled();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** What the engine takes its time for; it is not waited for any longer when the client gave up. @throws Cancelled */
export async function unlessCancelled<Result>(work: Result | Promise<Result>, cancelled: AbortSignal): Promise<Result> {
  if (!(work instanceof Promise)) return work;
  return await Promise.race([
    work,
    aborted(cancelled).then((): never => {
      throw new Cancelled();
    }),
  ]);
}
