/** The middle value, or the mean of the two middle ones. NaN when there is none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The value below which that part of the values lies, interpolated between neighbours (Hyndman and Fan's definition 7,
 * which R, NumPy and spreadsheets use). NaN when there is none.
 * @param part from 0 (the least) to 1 (the greatest)
 */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return Number.NaN;
  if (below === above) return below;
  return below + (above - below) * (place - Math.floor(place));
}

/** NaN when there is none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** To four significant digits: more would pretend to a precision that no benchmark has. Integers stay exact. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}
