import { OracleError } from "./oracle-error.ts";
import { LOB_OPERATION, type LobOperation, writeLobData, writeLobParameter } from "./protocol/lob-operation.ts";
import { LOB_CHUNK_SIZE } from "./protocol/rows.ts";
import type { CallScope } from "./wire-session.ts";

/** A piece of a LOB, or what is asked about it. Lengths count UTF-16 units, as Oracle does. @throws OracleError 22922, 3001 */
export async function readLob(call: LobOperation, { session, reply }: CallScope): Promise<void> {
  const { operation, locator, offset, amount } = call;
  const text = session.lobs.textOf(locator);
  if (text === undefined) throw new OracleError(22922, "nonexistent LOB value");
  if (operation === LOB_OPERATION.read) {
    const from = Math.max(0, offset - 1);
    const piece = text.slice(from, from + (amount ?? text.length));
    if (piece !== "") writeLobData(reply.out, piece);
    writeLobParameter(reply.out, locator, amount === undefined ? undefined : piece.length);
  } else if (operation === LOB_OPERATION.length) {
    writeLobParameter(reply.out, locator, text.length);
  } else if (operation === LOB_OPERATION.chunkSize) {
    writeLobParameter(reply.out, locator, LOB_CHUNK_SIZE);
  } else {
    throw new OracleError(3001, `unimplemented feature: LOB operation ${operation}`);
  }
  await reply.end({ number: 0 });
}
