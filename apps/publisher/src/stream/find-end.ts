import type { SourceStretches } from "./source-stretches.ts";

/** Where a source stopped writing: it was there at `seen`, and nothing of it is known from `silentFrom` on. */
export interface End {
  readonly seen: number;
  readonly silentFrom: number;
}

export interface EndSearch {
  readonly stretches: Pick<SourceStretches, "probe">;
  /** While a source is published it puts at least one record within so many milliseconds. */
  readonly slice: number;
  /** Everything that arrived from this moment on was read, and nothing was there. */
  readonly silentFrom: number;
  /** What of the stream lies between `silentFrom` and now, in milliseconds: the first leap is as long. */
  readonly reach: number;
  /** The stream holds nothing older. */
  readonly horizon: number;
}

/** Looks into the gaps that the leaps have left, largest first. */
const MOST_LOOKS_INTO_GAPS = 16;

/**
 * Looks for the place where a source stopped writing, without reading all that others wrote since: slices at doubling
 * distance, then bisection. A source that was silent for longer than a slice in between may be found at an earlier end;
 * its rows from there on are then read, and put, once more.
 */
export async function findEnd(search: EndSearch, signal: AbortSignal): Promise<End | undefined> {
  const looked = [search.silentFrom];
  for (let distance = search.reach; (looked.at(-1) ?? 0) > search.horizon; distance *= 2) {
    const at = Math.max(search.horizon, search.silentFrom - distance);
    const seen = await look(search, at, signal);
    if (seen !== undefined) return narrowEnd(search, { seen, silentFrom: looked.at(-1) ?? at }, signal);
    looked.push(at);
  }
  for (let looks = 0; looks < MOST_LOOKS_INTO_GAPS; looks += 1) {
    const gap = widestGap(looked, search.slice);
    if (gap === undefined) return undefined;
    const at = middle(looked[gap + 1] ?? 0, looked[gap] ?? 0);
    const seen = await look(search, at, signal);
    if (seen !== undefined) return narrowEnd(search, { seen, silentFrom: looked[gap] ?? at }, signal);
    looked.splice(gap + 1, 0, at);
  }
  return undefined;
}

/** Bisects. What lies between the two is read as a whole soon, so it need not be narrower than a few slices. */
export async function narrowEnd(search: EndSearch, end: End, signal: AbortSignal): Promise<End> {
  let { seen, silentFrom } = end;
  while (silentFrom - seen > 3 * search.slice) {
    const at = middle(seen, silentFrom);
    const found = await look(search, at, signal);
    if (found === undefined) silentFrom = at;
    else seen = found;
  }
  return { seen, silentFrom };
}

function look({ stretches, slice }: EndSearch, at: number, signal: AbortSignal): Promise<number | undefined> {
  return stretches.probe({ from: at, to: at + slice }, signal);
}

/** @param looked the newest first. @returns the index of the newer end; undefined: none is wider than a slice */
function widestGap(looked: readonly number[], slice: number): number | undefined {
  let widest: number | undefined;
  let width = 2 * slice;
  for (let index = 0; index + 1 < looked.length; index += 1) {
    const between = (looked[index] ?? 0) - (looked[index + 1] ?? 0);
    if (between <= width) continue;
    widest = index;
    width = between;
  }
  return widest;
}

function middle(a: number, b: number): number {
  return Math.floor((a + b) / 2);
}
