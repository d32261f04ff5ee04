import { type KinesisClient, ListTagsForStreamCommand } from "@aws-sdk/client-kinesis";
import { RefusedError } from "@das/core";

/** Kinesis documents no colon for the keys of a stream's tags. */
const GENERATION = "das-generation";

/** Every tag of a stream. */
export async function readTags(
  client: Pick<KinesisClient, "send">,
  streamName: string,
): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>();
  for (let after: string | undefined; ; ) {
    const command = new ListTagsForStreamCommand({ StreamName: streamName, ExclusiveStartTagKey: after });
    const { Tags: page = [], HasMoreTags: more } = await client.send(command);
    for (const { Key, Value } of page) if (Key !== undefined) tags.set(Key, Value ?? "");
    after = page.at(-1)?.Key;
    if (!more || after === undefined) return tags;
  }
}

/**
 * The generation that a stream's tags name; a stream that nothing was ever started on is in its generation 0.
 * @throws RefusedError when the tag holds no whole number
 */
export function generationOf(tags: ReadonlyMap<string, string>, streamName: string): number {
  const text = tags.get(GENERATION) ?? "0";
  const generation = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(generation)) return generation;
  throw new RefusedError({
    who: "das",
    what: `the tag ${GENERATION} of the stream ${streamName} is not a whole number, so somebody else changed it`,
    remedy: `Put back the number that the records on the stream carry (das verify shows it), or remove the tag if they carry 0`,
    code: "stream-tags",
  });
}
