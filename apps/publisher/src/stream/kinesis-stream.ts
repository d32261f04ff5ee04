import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListTagsForStreamCommand,
  type StreamDescriptionSummary,
} from "@aws-sdk/client-kinesis";
import { RefusedError } from "@das/core";

/** What das does with a stream as a whole. Each is one look or one change; errors are the SDK's. */

export type Kinesis = Pick<KinesisClient, "send">;

/** @returns undefined when there is no such stream */
export async function describeStream(
  client: Kinesis,
  streamName: string,
): Promise<StreamDescriptionSummary | undefined> {
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }));
    return answer.StreamDescriptionSummary;
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/** A stream that somebody else created meanwhile is as good. @param shards undefined: on-demand capacity */
export async function createStream(
  client: Kinesis,
  streamName: string,
  shards: number | undefined,
  tags: Record<string, string> = {},
): Promise<void> {
  const capacity =
    shards === undefined
      ? ({ StreamModeDetails: { StreamMode: "ON_DEMAND" } } as const)
      : ({ StreamModeDetails: { StreamMode: "PROVISIONED" }, ShardCount: shards } as const);
  try {
    await client.send(new CreateStreamCommand({ StreamName: streamName, ...capacity, Tags: tags }));
  } catch (error) {
    if ((error as Error).name !== "ResourceInUseException") throw error;
  }
}

/** Every tag of a stream. */
export async function readTags(client: Kinesis, streamName: string): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>();
  for (let after: string | undefined; ; ) {
    const command = new ListTagsForStreamCommand({ StreamName: streamName, ExclusiveStartTagKey: after });
    const { Tags: page = [], HasMoreTags: more } = await client.send(command);
    for (const { Key, Value } of page) if (Key !== undefined) tags.set(Key, Value ?? "");
    after = page.at(-1)?.Key;
    if (!more || after === undefined) return tags;
  }
}

/** A stream that is being created, or deleted, takes no records and no tags. */
export function isActive(summary: StreamDescriptionSummary | undefined): boolean {
  return summary?.StreamStatus === "ACTIVE" || summary?.StreamStatus === "UPDATING";
}

/** @param account that must own it; undefined: any. @throws RefusedError */
export function refuseForeign(
  summary: StreamDescriptionSummary,
  streamName: string,
  account: string | undefined,
): void {
  const owner = summary.StreamARN?.split(":")[4];
  if (account === undefined || owner === account) return;
  throw new RefusedError({
    who: "das",
    what: `stream.account is ${account}, but the stream ${streamName} that these credentials reach belongs to ${owner ?? "an unknown account"}`,
    remedy: "Use credentials of that account (AWS_PROFILE or a role), or correct stream.account",
    code: "InvalidDBInstanceState",
  });
}

/** @throws RefusedError */
export function refuseEncrypted(summary: StreamDescriptionSummary, streamName: string): void {
  if ((summary.EncryptionType ?? "NONE") === "NONE") return;
  throw new RefusedError({
    who: "das",
    what: `the stream ${streamName} has server-side encryption on, which activity streams do not work with: every record is already sealed under your key`,
    remedy: `Turn it off: aws kinesis stop-stream-encryption --stream-name ${streamName} --encryption-type KMS --key-id ${summary.KeyId ?? "…"}`,
    code: "InvalidDBInstanceState",
  });
}
