import { randomUUID } from "node:crypto";
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { expect } from "vitest";
import type { ContractTarget } from "./contract-case.ts";

/** The target, with the streams that one case creates; they are deleted after it. */
export class ContractSubject implements AsyncDisposable {
  readonly target: ContractTarget;
  readonly #streams: string[] = [];

  constructor(target: ContractTarget) {
    this.target = target;
  }

  get client(): KinesisClient {
    return this.target.client;
  }

  async create(shards = 1): Promise<string> {
    const name = this.newName();
    await this.client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
    await this.active(name);
    return name;
  }

  newName(): string {
    const name = `contract-${randomUUID()}`;
    this.#streams.push(name);
    return name;
  }

  arn(name: string): string {
    return `arn:aws:kinesis:${this.target.region}:${this.target.accountId}:stream/${name}`;
  }

  async active(name: string): Promise<void> {
    await expect.poll(async () => (await this.describe(name)).StreamStatus, { interval: 10 }).toBe("ACTIVE");
  }

  async describe(name: string) {
    const { StreamDescription } = await this.client.send(new DescribeStreamCommand({ StreamName: name }));
    if (!StreamDescription) throw new Error("no description");
    return StreamDescription;
  }

  async shards(name: string): Promise<Shard[]> {
    return (await this.client.send(new ListShardsCommand({ StreamName: name }))).Shards ?? [];
  }

  /** Puts records with these texts; returns their sequence numbers. */
  async put(name: string, ...texts: string[]): Promise<string[]> {
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: "key" }));
    const answer = await this.client.send(new PutRecordsCommand({ StreamName: name, Records }));
    expect(answer.FailedRecordCount).toBe(0);
    return answer.Records?.map((record) => record.SequenceNumber ?? "") ?? [];
  }

  async iterator(input: Omit<GetShardIteratorCommandInput, "ShardId"> & { ShardId?: string }): Promise<string> {
    const ShardId = input.ShardId ?? "shardId-000000000000";
    const answer = await this.client.send(new GetShardIteratorCommand({ ...input, ShardId }));
    return answer.ShardIterator ?? "";
  }

  get(iterator: string | undefined, limit?: number): Promise<GetRecordsCommandOutput> {
    return this.client.send(new GetRecordsCommand({ ShardIterator: iterator, ...(limit && { Limit: limit }) }));
  }

  /** The texts that an iterator finds. */
  async texts(input: Omit<GetShardIteratorCommandInput, "ShardId"> & { ShardId?: string }): Promise<string[]> {
    return textsOf(await this.get(await this.iterator(input)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const StreamName of this.#streams) {
      await this.client.send(new DeleteStreamCommand({ StreamName })).catch(() => undefined);
    }
  }
}

export const textsOf = (answer: GetRecordsCommandOutput): string[] =>
  answer.Records?.map((record) => Buffer.from(record.Data ?? []).toString()) ?? [];
