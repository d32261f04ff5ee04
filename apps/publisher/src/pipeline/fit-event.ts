import { COMPRESSED_MAX_BYTES, type DatabaseActivityEvent, stringifyExact } from "@das/core";
import { compress } from "@das/envelope/seal";
import { LIST_MAX_BYTES } from "./pack.ts";

/** What the record around a lone event needs of the compressed size. */
const MARGIN = 1_024;

/**
 * The event as JSON, cut so that it fits into a record of its own.
 *
 * Only Oracle statements can be too large (wire format §13.16). `commandText` is then cut at a character boundary, and
 * `commandTextTruncatedFrom` says how many UTF-16 units it had; an event is never dropped.
 */
export function fitEvent(event: DatabaseActivityEvent, json: string): { readonly json: string; readonly cut: boolean } {
  // A UTF-16 unit becomes at most three bytes of UTF-8: nearly every event is known to fit without counting.
  if (json.length * 3 <= LIST_MAX_BYTES || Buffer.byteLength(json) <= LIST_MAX_BYTES || fits(json)) {
    return { json, cut: false };
  }
  const text = event.commandText ?? "";
  let low = 0;
  let high = text.length;
  let best = cutAt(event, text, 0);
  while (high - low > 1_024) {
    const middle = (low + high) >> 1;
    const candidate = cutAt(event, text, middle);
    if (fits(candidate)) {
      low = middle;
      best = candidate;
    } else high = middle;
  }
  return { json: best, cut: true };
}

function cutAt(event: DatabaseActivityEvent, text: string, length: number): string {
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(length - 1));
  const commandText = text.slice(0, splitsPair ? length - 1 : length);
  return stringifyExact({ ...event, commandText, commandTextTruncatedFrom: text.length });
}

function fits(json: string): boolean {
  return compress(json).byteLength <= COMPRESSED_MAX_BYTES - MARGIN;
}
