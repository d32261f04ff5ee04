/**
 * The markers of a record's events as the one text that provenance carries (architecture §5): one item an event, in
 * order, separated by blanks. Written so that they cost next to nothing beside the events:
 *
 * - A part (between colons) that is equal to the same part of the marker before is left out.
 * - `*n` stands for n markers of which the last part rises by one.
 *
 * `10:4096:0*3 ::7` is `10:4096:0`, `10:4096:1`, `10:4096:2`, `10:4096:7`.
 */

/** A part that is empty although the one before it was not. */
const EMPTY = "~";
/** What stands for an event that has no marker: the stream's own. */
const NO_MARKER = "!";

/** Whole numbers that rise exactly in a JavaScript number, as they are usually written. */
const COUNTABLE = /^(0|[1-9]\d{0,14})$/;

/** Characters that the count of a run takes, with the blank before the next item. */
const RUN_LENGTH = 9;

/** Collects the markers of one record. */
export class MarkerList {
  readonly #items: string[] = [];
  #parts: readonly string[] = [];
  /** The first marker of the run that is being counted, as an item; empty when there is none. */
  #item = "";
  #count = 0;
  #length = 0;

  /** Characters of the text so far, at most. */
  get length(): number {
    return this.#length + (this.#count > 0 ? this.#item.length + RUN_LENGTH : 0);
  }

  /** @param marker undefined for an event that is not from a trail. @throws TypeError when it is not a marker */
  add(marker: string | undefined): void {
    if (marker !== undefined && !isMarker(marker)) throw new TypeError(`not a marker: ${marker}`);
    const parts = marker === undefined ? [NO_MARKER] : marker.split(":");
    if (this.#count > 0 && isNext(this.#parts, parts)) {
      this.#count += 1;
    } else {
      this.#close();
      this.#item = shortened(parts, this.#parts);
      this.#count = 1;
    }
    this.#parts = parts;
  }

  /** The text of what was added since the last call; begins anew. */
  take(): string {
    this.#close();
    const text = this.#items.join(" ");
    this.#items.length = 0;
    this.#length = 0;
    this.#parts = [];
    return text;
  }

  #close(): void {
    if (this.#count === 0) return;
    const item = this.#count === 1 ? this.#item : `${this.#item}*${this.#count}`;
    this.#items.push(item);
    this.#length += item.length + 1;
    this.#count = 0;
  }
}

/**
 * What `MarkerList` wrote; undefined stands for an event without a marker.
 * @param most markers that the text can stand for: a run may be written longer than any record
 * @throws TypeError when the text is not one of a marker list, or stands for more
 */
export function parseMarkers(text: string, most: number): readonly (string | undefined)[] {
  const markers: (string | undefined)[] = [];
  let parts: readonly string[] = [];
  for (const item of text === "" ? [] : text.split(" ")) {
    const [, body = "", run = "1"] = /^([^*]+)(?:\*([1-9]\d{0,6}))?$/.exec(item) ?? [];
    const count = Number(run);
    if (body === "" || markers.length + count > most) throw new TypeError("not a list of markers");
    parts = completed(body.split(":"), parts);
    markers.push(markerOfParts(parts));
    for (let n = 1; n < count; n += 1) {
      parts = next(parts);
      markers.push(markerOfParts(parts));
    }
  }
  return markers;
}

/** Neither blank nor empty, without what the list itself means something by, and not ending with an empty part. */
export function isMarker(text: string): boolean {
  return /^[^\s*~!]+$/.test(text) && !text.endsWith(":");
}

function markerOfParts(parts: readonly string[]): string | undefined {
  const marker = parts.join(":");
  if (marker === NO_MARKER) return undefined;
  if (!isMarker(marker)) throw new TypeError("not a list of markers");
  return marker;
}

function shortened(parts: readonly string[], before: readonly string[]): string {
  const length = Math.max(parts.length, before.length);
  const items = Array.from({ length }, (_, index) => {
    const part = parts[index] ?? "";
    if (part === (before[index] ?? "")) return "";
    return part === "" ? EMPTY : part;
  });
  // An item is never empty: of a marker that is equal to the one before, the first part is written.
  return items.every((item) => item === "") ? parts[0] || EMPTY : items.join(":");
}

function completed(items: readonly string[], before: readonly string[]): readonly string[] {
  const length = Math.max(items.length, before.length);
  const parts = Array.from({ length }, (_, index) => {
    const item = items[index] ?? "";
    if (item === EMPTY) return "";
    return item === "" ? (before[index] ?? "") : item;
  });
  while (parts.at(-1) === "") parts.pop();
  return parts;
}

function isNext(before: readonly string[], parts: readonly string[]): boolean {
  const last = before.length - 1;
  const [from = "", to = ""] = [before[last], parts[last]];
  if (parts.length !== before.length || !COUNTABLE.test(from) || !COUNTABLE.test(to)) return false;
  return Number(to) === Number(from) + 1 && parts.every((part, index) => index === last || part === before[index]);
}

function next(parts: readonly string[]): readonly string[] {
  const last = parts.at(-1) ?? "";
  if (!COUNTABLE.test(last)) throw new TypeError("not a list of markers");
  return [...parts.slice(0, -1), String(Number(last) + 1)];
}
