/** Oracle notes §7.3: LOB_OP. Reading only: nothing here writes LOBs. */
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MESSAGE_TYPE } from "./message-types.ts";

export const LOB_OPERATION = { length: 1, read: 2, chunkSize: 0x4000 } as const;

export interface LobOperation {
  readonly function: "lobOperation";
  readonly operation: number;
  readonly locator: Buffer;
  /** In characters, from 1. */
  readonly offset: number;
  /** In characters; the client gets back how many it was. Undefined: it does not say. */
  readonly amount: number | undefined;
}

export function readLobOperation(reader: ByteReader): LobOperation {
  reader.u8();
  const locatorLength = reader.ub();
  reader.u8();
  reader.ub();
  reader.ub();
  reader.ub();
  reader.bytes(3);
  const operation = reader.ub();
  reader.bytes(2);
  const offset = reader.ub();
  reader.ub();
  const sendsAmount = reader.u8() !== 0;
  reader.bytes(6);
  const locator = reader.bytes(locatorLength);
  return { function: "lobOperation", operation, locator, offset, amount: sendsAmount ? reader.ub() : undefined };
}

export function writeLobData(out: ByteWriter, text: string): void {
  out.u8(MESSAGE_TYPE.lobData);
  out.clrText(text);
}

/** The locator comes back, and a number where the client sent one. */
export function writeLobParameter(out: ByteWriter, locator: Buffer, amount: number | undefined): void {
  out.u8(MESSAGE_TYPE.parameter);
  out.bytes(locator);
  if (amount !== undefined) out.ub(amount);
}
