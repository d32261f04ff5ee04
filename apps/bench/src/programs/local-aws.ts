/** Local Kinesis and KMS. */
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { serve } from "../processes/program.ts";

/** How a client reaches it. */
export interface AwsAddress {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly kmsKeyArn: string;
}

/** What was called since the last reset. */
export interface AwsCounts {
  readonly recordsPut: number;
  readonly generateDataKeyCalls: number;
}

export interface ReadCounts {
  readonly calls: number;
  readonly bytes: number;
  readonly refused: number;
}

export type LocalAwsProgram = typeof program;

let aws: LocalAws;

const program = {
  /** @param rates whether AWS's rates are kept, of calls and of what a shard takes and gives; by default they are not */
  async start(directory: string, rates = false): Promise<AwsAddress> {
    aws = await startLocalAws({ directory, limits: { rates } });
    const { endpoint, region, credentials } = aws;
    return { endpoint, region, credentials, kmsKeyArn: aws.kms.createKey().arn };
  },

  createStream(name: string, shards = 1): void {
    aws.kinesis.createStream(name, { shards });
    aws.counters.reset();
  },

  resetCounts(): void {
    aws.counters.reset();
  },

  /** What readers of streams were given since the last reset. */
  readCounts(): ReadCounts {
    const { calls, bytes, errors } = aws.counters.of("kinesis", "GetRecords");
    return { calls, bytes, refused: Object.values(errors).reduce((sum, count) => sum + count, 0) };
  },

  counts(): AwsCounts {
    return {
      recordsPut: aws.counters.of("kinesis", "PutRecords").records,
      generateDataKeyCalls: aws.counters.of("kms", "GenerateDataKey").calls,
    };
  },
};

serve(program);
