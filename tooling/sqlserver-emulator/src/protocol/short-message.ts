import { ByteWriter } from "./byte-writer.ts";
import type { ReplyWriter } from "./packets.ts";

/** A message of a few tokens. */
export async function writeMessage(writer: ReplyWriter, write: (out: ByteWriter) => void): Promise<void> {
  const out = new ByteWriter();
  write(out);
  await writer.write(out.take());
  await writer.end();
}
