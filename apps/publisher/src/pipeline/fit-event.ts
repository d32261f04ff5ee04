import {
  COMPRESSED_MAX_BYTES,
  type DatabaseActivityEvent,
  type EngineNativeAuditFields,
  stringifyExact,
} from "@das/core";
import { compress } from "@das/envelope/seal";
import { LIST_MAX_BYTES } from "./pack.ts";

/** What the record around a lone event needs of the compressed size: its provenance names a place, and a marker. */
const MARGIN = 6_144;

/** How near the cut comes to the longest text that fits, in UTF-16 units. */
const PRECISION = 1_024;

/**
 * The event as JSON, cut so that it fits into a record of its own; an event is never dropped.
 *
 * Only Oracle events can be too large (wire format §13.16). Whatever has no bound there is then cut to one length, the
 * greatest that fits: `commandText`, the values of `paramList` together, and each native text. So what is short stays
 * whole. Beside each text that was cut stands how many UTF-16 units it had: `commandTextTruncatedFrom`,
 * `paramListTruncatedFrom`, and among the native fields `RLS_INFO_TRUNCATED_FROM` and the like. The fields that an
 * event's identity is made of are short in every trail, and never cut.
 */
export function fitEvent(event: DatabaseActivityEvent, json: string): { readonly json: string; readonly cut: boolean } {
  // A UTF-16 unit becomes at most three bytes of UTF-8: nearly every event is known to fit without counting.
  if (json.length * 3 <= LIST_MAX_BYTES || Buffer.byteLength(json) <= LIST_MAX_BYTES || fits(json)) {
    return { json, cut: false };
  }
  let low = 0;
  let high = longestText(event);
  let best = stringifyExact(cutEvent(event, 0));
  while (high - low > PRECISION) {
    const middle = (low + high) >> 1;
    const candidate = stringifyExact(cutEvent(event, middle));
    if (fits(candidate)) {
      low = middle;
      best = candidate;
    } else high = middle;
  }
  return { json: best, cut: true };
}

function fits(json: string): boolean {
  return compress(json).byteLength <= COMPRESSED_MAX_BYTES - MARGIN;
}

function longestText({ commandText, paramList, engineNativeAuditFields = {} }: DatabaseActivityEvent): number {
  const native = Object.values(engineNativeAuditFields).map((value) => (typeof value === "string" ? value.length : 0));
  return Math.max(commandText?.length ?? 0, lengthOf(paramList ?? []), ...native);
}

function cutEvent(event: DatabaseActivityEvent, limit: number): object {
  const { commandText, paramList, engineNativeAuditFields } = event;
  return {
    ...event,
    ...(commandText !== null &&
      commandText.length > limit && {
        commandText: cutText(commandText, limit),
        commandTextTruncatedFrom: commandText.length,
      }),
    ...(paramList !== null &&
      lengthOf(paramList) > limit && {
        paramList: cutList(paramList, limit),
        paramListTruncatedFrom: lengthOf(paramList),
      }),
    ...(engineNativeAuditFields && { engineNativeAuditFields: cutNative(engineNativeAuditFields, limit) }),
  };
}

function cutNative(fields: EngineNativeAuditFields, limit: number): EngineNativeAuditFields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === "string" && value.length > limit
        ? [
            [name, cutText(value, limit)],
            [`${name}_TRUNCATED_FROM`, value.length],
          ]
        : [[name, value]],
    ),
  );
}

/** The first values, as many as the limit has room for; the last of them may be cut. */
function cutList(values: readonly string[], limit: number): string[] {
  const kept: string[] = [];
  let room = limit;
  for (const value of values) {
    if (room <= 0) break;
    kept.push(cutText(value, room));
    room -= value.length;
  }
  return kept;
}

/** Never inside a character. */
function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  return text.slice(0, splitsPair ? limit - 1 : limit);
}

function lengthOf(values: readonly string[]): number {
  return values.reduce((sum, value) => sum + value.length, 0);
}
