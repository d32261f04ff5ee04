import { createHash } from "node:crypto";

/** A stable, positive id of something that has only a name here. */
export function objectIdOf(name: string): number {
  return createHash("sha256").update(name.toLowerCase()).digest().readUInt32LE(0) >>> 1;
}
