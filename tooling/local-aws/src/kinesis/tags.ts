import { z } from "zod";
import { invalidArgument } from "../aws-error.ts";
import { integer, text } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import { type KinesisParts, nameOf, requireActive, streamOf, streamReference } from "./kinesis-parts.ts";
import type { Limits } from "./limits.ts";
import type { StreamState } from "./stream-state.ts";

const MAX_TAGS = 50;

const tagKey = text({ min: 1, max: 128 });
export const tags = z.record(tagKey, text({ max: 256 }));

const addTagsInput = z.object({ ...streamReference, Tags: tags });

export function addTagsToStream(parts: KinesisParts): Operation {
  return operation(addTagsInput, (input, context) => {
    const stream = streamOf(parts, "AddTagsToStream", input, context);
    requireActive(stream);
    requireTags(input.Tags, parts.throttle.limits, "add tags to", stream.state);
    const merged = { ...stream.state.tags, ...input.Tags };
    if (Object.keys(merged).length > MAX_TAGS) {
      throw invalidArgument(
        `Failed to add tags to stream ${nameOf(stream.state)} because a given stream cannot have more than ${MAX_TAGS} tags associated with it.`,
      );
    }
    stream.replaceState({ ...stream.state, tags: merged });
    return undefined;
  });
}

const removeTagsInput = z.object({ ...streamReference, TagKeys: z.array(tagKey).min(1).max(MAX_TAGS) });

export function removeTagsFromStream(parts: KinesisParts): Operation {
  return operation(removeTagsInput, (input, context) => {
    const stream = streamOf(parts, "RemoveTagsFromStream", input, context);
    requireActive(stream);
    const kept = Object.entries(stream.state.tags).filter(([key]) => !input.TagKeys.includes(key));
    stream.replaceState({ ...stream.state, tags: Object.fromEntries(kept) });
    return undefined;
  });
}

const listTagsInput = z.object({
  ...streamReference,
  ExclusiveStartTagKey: tagKey.optional(),
  Limit: integer(1, MAX_TAGS).optional(),
});

export function listTagsForStream(parts: KinesisParts): Operation {
  return operation(listTagsInput, (input, context) => {
    const stream = streamOf(parts, "ListTagsForStream", input, context);
    const after = input.ExclusiveStartTagKey ?? "";
    const left = Object.entries(stream.visibleTags(context.now))
      .filter(([key]) => key > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const page = left.slice(0, input.Limit ?? MAX_TAGS);
    return { Tags: page.map(([Key, Value]) => ({ Key, Value })), HasMoreTags: left.length > page.length };
  });
}

/** @throws InvalidArgumentException for characters that tags may not have, and for keys that AWS keeps for itself */
export function requireTags(given: Record<string, string>, limits: Limits, what: string, state: StreamState): void {
  const texts = Object.entries(given).flat();
  if (texts.some((t) => /[^\p{L}\p{N}\p{Zs}_./=+\-%@]/u.test(t))) {
    throw invalidArgument(
      "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
    );
  }
  // Seen on AWS by others, with this message, while the documentation and the message above allow it.
  if (limits.tagCharacters === "observed" && texts.some((t) => t.includes("%"))) {
    throw invalidArgument(
      `Failed to ${what} stream ${nameOf(state)} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.`,
    );
  }
}
