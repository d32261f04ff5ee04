/** Local Kinesis and KMS, with all rates unlimited. */
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

export type LocalAwsProgram = typeof program;

let aws: LocalAws;

const program = {
  async start(directory: string): Promise<AwsAddress> {
    aws = await startLocalAws({ directory });
    const { endpoint, region, credentials } = aws;
    return { endpoint, region, credentials, kmsKeyArn: aws.kms.createKey().arn };
  },

  createStream(name: string): void {
    aws.kinesis.createStream(name);
    aws.counters.reset();
  },

  counts(): AwsCounts {
    return {
      recordsPut: aws.counters.of("kinesis", "PutRecords").records,
      generateDataKeyCalls: aws.counters.of("kms", "GenerateDataKey").calls,
    };
  },
};

serve(program);
