import type { StretchReader } from "@das/consumer";

/** What the busiest shard gives in four seconds: others read it too. */
const AFFORDABLE_BYTES = 8_000_000;

export interface PastBounds {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Nothing from before is wanted. */
  readonly horizon: number;
  /** Milliseconds that are read whatever they hold. */
  readonly least: number;
}

/**
 * How far back a stream can be read within seconds: all of a quiet one, some heartbeats of a busy one. Looks at the sizes
 * of records, ever further back, and opens none.
 * @returns milliseconds since 1970
 */
export async function findAffordablePast(
  stream: Pick<StretchReader, "read">,
  { now, horizon, least }: PastBounds,
  signal: AbortSignal,
): Promise<number> {
  const bytes = new Map<string, number>();
  let isTooMuch = false;
  let from = now;
  for (let length = least; from > horizon && !isTooMuch; length *= 4) {
    const before = Math.max(horizon, now - length);
    await stream.read(
      { from: before, to: from === now ? undefined : from },
      async (records) => {
        for (const { shardId, data } of records) bytes.set(shardId, (bytes.get(shardId) ?? 0) + data.byteLength);
        isTooMuch = Math.max(0, ...bytes.values()) > AFFORDABLE_BYTES;
        return isTooMuch;
      },
      signal,
    );
    if (isTooMuch && from < now) break;
    from = before;
  }
  return from;
}
