/** Oracle notes §7.3: ERROR and STATUS, messages 4 and 9, each of which ends a call. */
import type { ByteWriter } from "./byte-writer.ts";
import { MESSAGE_TYPE } from "./message-types.ts";

/** No more rows: what ends a result, and no failure. */
export const NO_DATA_FOUND = 1403;

export interface EndOfCall {
  /** The ORA number; 0: all went well. */
  readonly number: number;
  /** With its `ORA-nnnnn: `. */
  readonly text?: string;
  /** Where in the statement, in bytes from 0. */
  readonly position?: number;
  /** 0: none that could be used again. */
  readonly cursorId?: number;
  /** Affected, or sent so far. */
  readonly rowCount?: number;
}

export function writeEndOfCall(out: ByteWriter, end: EndOfCall): void {
  const { number, text = "", position = 0, cursorId = 0, rowCount = 0 } = end;
  out.u8(MESSAGE_TYPE.error);
  // Call status, sequence, current row.
  out.ub(0);
  out.ub(0);
  out.ub(0);
  out.ub(Math.min(number, 0xffff));
  out.ub(0);
  out.ub(0);
  out.ub(cursorId);
  out.sb(position);
  // Kind of statement, fatal, flags, cursor options, parameter, warning.
  for (let field = 0; field < 6; field += 1) out.u8(0);
  // ROWID: relative block, partition, one byte, block, slot.
  for (let field = 0; field < 5; field += 1) out.u8(0);
  // The operating system's error, the statement's, the call, padding, successful iterations, logical ROWID.
  for (let field = 0; field < 6; field += 1) out.u8(0);
  // Errors of a batch: codes, offsets, texts.
  for (let field = 0; field < 3; field += 1) out.u8(0);
  out.ub(number);
  out.ub(rowCount);
  if (number !== 0) out.clrText(`${text}\n`);
}

export function writeStatus(out: ByteWriter): void {
  out.u8(MESSAGE_TYPE.status);
  out.ub(0);
  out.ub(0);
}
