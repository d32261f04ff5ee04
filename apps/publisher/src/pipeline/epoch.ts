import type { AuditSource, Cursor, Provenance, ResumePoint } from "@das/core";
import type { Recollection } from "../stream/stream-memory.ts";
import { Watermark } from "./watermark.ts";

export interface EpochParts {
  readonly source: Pick<AuditSource<unknown>, "id" | "history" | "ledger">;
  /** A name that no other epoch has. */
  readonly name: string;
  readonly generation: number;
  readonly lanes: number;
  /** What the stream said when the epoch began. */
  readonly recollection: Pick<Recollection, "since" | "repeatUntil"> & { readonly point: ResumePlace | undefined };
}

type ResumePlace = Pick<ResumePoint, "cursor" | "history">;

/**
 * One run of a source's publishing: it numbers the records, knows what of them is on the stream, and says both in every
 * record (architecture §5). Pure.
 *
 * The watermark rule holds by construction: a record is told its provenance when it is closed, which is before it is
 * sealed and put, and what it is told was acknowledged by then.
 */
export class Epoch {
  readonly watermark: Watermark;
  readonly #parts: EpochParts;
  /** Whether what is put now may be on the stream already. */
  #repeats: boolean;

  constructor(parts: EpochParts) {
    const { source, lanes, recollection } = parts;
    this.#parts = parts;
    this.#repeats = recollection.repeatUntil !== undefined;
    this.watermark = new Watermark(lanes, this.#ownPlace(source.history, recollection.point));
  }

  /** An event of this time was read. */
  noteTime(logTime: string): void {
    const { repeatUntil } = this.#parts.recollection;
    if (this.#repeats && repeatUntil !== undefined && logTime > repeatUntil) this.#repeats = false;
  }

  /** A record of the lane is being closed. */
  provenance(lane: number, markers: string, isHeartbeat: boolean): Provenance {
    const { source, name, generation, lanes, recollection } = this.#parts;
    const { watermark } = this;
    const sequence = watermark.made(lane);
    const ledger = isHeartbeat ? source.ledger?.() : undefined;
    return {
      generation,
      source: source.id,
      history: source.history,
      epoch: name,
      lane,
      sequence,
      acked: watermark.acked(lane),
      watermark: watermark.cursor ?? null,
      behind: [...watermark.behind],
      ...(watermark.isResuming && recollection.since !== undefined && { since: recollection.since }),
      ...(sequence === 0 && recollection.point && { resumed: recollection.point.cursor }),
      ...(this.#repeats && { repeat: true }),
      ...(ledger !== undefined && { ledger }),
      ...(isHeartbeat && lanes > 1 && { lanes: Array.from({ length: lanes }, (_, each) => watermark.acked(each)) }),
      markers,
    };
  }

  /** A place of another history says nothing about this one. */
  #ownPlace(history: string, point: ResumePlace | undefined): Cursor | undefined {
    return point?.history === history ? point.cursor : undefined;
  }
}
