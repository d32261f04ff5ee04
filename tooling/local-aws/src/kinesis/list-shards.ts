import { z } from "zod";
import { AwsError, invalidArgument } from "../aws-error.ts";
import { integer, text, timestamp } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import { type KinesisParts, shardId, streamOf, streamReference } from "./kinesis-parts.ts";
import { isOpen } from "./resharding.ts";
import { describeShard, shardIdOf, shardNumberOf } from "./shard-description.ts";
import type { Stream } from "./stream.ts";
import { type ShardState, trimHorizon } from "./stream-state.ts";

const shardFilter = z.object({
  Type: z.enum([
    "AFTER_SHARD_ID",
    "AT_TRIM_HORIZON",
    "FROM_TRIM_HORIZON",
    "AT_LATEST",
    "AT_TIMESTAMP",
    "FROM_TIMESTAMP",
  ]),
  ShardId: shardId.optional(),
  Timestamp: timestamp.optional(),
});

const listShardsInput = z.object({
  ...streamReference,
  NextToken: text({ min: 1, max: 1_048_576 }).optional(),
  ExclusiveStartShardId: shardId.optional(),
  MaxResults: integer(1, 10_000).optional(),
  StreamCreationTimestamp: timestamp.optional(),
  ShardFilter: shardFilter.optional(),
});

type Filter = z.output<typeof shardFilter>;

/** What a NextToken holds; as opaque to callers as an iterator. */
interface PageToken {
  readonly arn: string;
  readonly createdAt: number;
  /** The last shard of the page before. */
  readonly after: string;
  readonly filter?: Filter | undefined;
  readonly issuedAt: number;
}

const MAX_LISTED_SHARDS = 1000;
const TOKEN_LIFETIME = 300_000;

export function listShards(parts: KinesisParts): Operation {
  return operation(listShardsInput, (input, context) => {
    const token = input.NextToken === undefined ? undefined : requireToken(input.NextToken, context.now);
    if (token && (input.StreamName !== undefined || input.StreamARN !== undefined)) {
      throw invalidArgument("NextToken and StreamName cannot be provided together.");
    }
    if (!token && input.StreamName === undefined && input.StreamARN === undefined) {
      throw invalidArgument("Either NextToken or StreamName should be provided.");
    }
    const stream = streamOf(parts, "ListShards", token ? { StreamARN: token.arn } : input, context);
    const createdAt = token?.createdAt ?? input.StreamCreationTimestamp;
    if (createdAt !== undefined && Math.floor(createdAt / 1000) !== Math.floor(stream.state.createdAt / 1000)) {
      throw invalidArgument(`Stream ${stream.state.name} was not created at the given StreamCreationTimestamp.`);
    }
    const filter = token ? token.filter : input.ShardFilter;
    const shards = shardsAfter(filterShards(stream, filter, context.now), token?.after ?? input.ExclusiveStartShardId);
    const page = shards.slice(0, Math.min(input.MaxResults ?? MAX_LISTED_SHARDS, MAX_LISTED_SHARDS));
    const last = page.at(-1);
    return {
      Shards: page.map(describeShard),
      ...(last &&
        shards.length > page.length && {
          NextToken: formatToken({
            arn: stream.arn,
            createdAt: stream.state.createdAt,
            after: shardIdOf(last.number),
            filter,
            issuedAt: context.now,
          }),
        }),
    };
  });
}

function filterShards({ state }: Stream, filter: Filter | undefined, now: number): readonly ShardState[] {
  const { shards } = state;
  // A stream younger than its retention begins with its first shards.
  const horizon = Math.max(trimHorizon(state, now), Math.min(...shards.map((shard) => shard.openedAt)));
  const openAt = (time: number) => (s: ShardState) => s.openedAt <= time && (isOpen(s) || (s.closedAt ?? 0) >= time);
  switch (filter?.Type) {
    case undefined:
    case "FROM_TRIM_HORIZON":
      return shards;
    case "AFTER_SHARD_ID":
      if (filter.ShardId === undefined)
        throw invalidArgument("ShardId must be specified for ShardFilter AFTER_SHARD_ID.");
      return shardsAfter(shards, filter.ShardId);
    case "AT_LATEST":
      return shards.filter(isOpen);
    case "AT_TRIM_HORIZON":
      return shards.filter(openAt(horizon));
    case "AT_TIMESTAMP":
      return shards.filter(openAt(Math.max(horizon, requireFilterTime(filter, now))));
    case "FROM_TIMESTAMP": {
      const time = Math.max(horizon, requireFilterTime(filter, now));
      return shards.filter((shard) => isOpen(shard) || (shard.closedAt ?? 0) >= time);
    }
  }
}

function requireFilterTime(filter: Filter, now: number): number {
  if (filter.Timestamp === undefined)
    throw invalidArgument(`Timestamp must be specified for ShardFilter ${filter.Type}.`);
  if (filter.Timestamp > now) throw invalidArgument("The Timestamp of a ShardFilter cannot be in the future.");
  return filter.Timestamp;
}

export function shardsAfter(shards: readonly ShardState[], id: string | undefined): readonly ShardState[] {
  if (id === undefined) return shards;
  const after = shardNumberOf(id) ?? -1;
  return shards.filter((shard) => shard.number > after);
}

function formatToken(token: PageToken): string {
  return Buffer.from(JSON.stringify(token)).toString("base64");
}

function requireToken(text: string, now: number): PageToken {
  const token = parseToken(text);
  if (typeof token?.arn !== "string" || typeof token.issuedAt !== "number")
    throw invalidArgument("NextToken is invalid.");
  if (now - token.issuedAt > TOKEN_LIFETIME) throw new AwsError("ExpiredNextTokenException", "NextToken is expired.");
  return token;
}

function parseToken(text: string): PageToken | undefined {
  try {
    return JSON.parse(Buffer.from(text, "base64").toString()) as PageToken;
  } catch {
    return undefined;
  }
}
