import { KinesisClient } from "@aws-sdk/client-kinesis";
import { KMSClient } from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Credentials } from "../src/index.ts";

/** A server that clients can reach: ours, or another one. */
export interface Endpoint {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export interface Clients extends Disposable {
  readonly kinesis: KinesisClient;
  readonly kms: KMSClient;
}

/** The real SDK, told to use HTTP/1.1 and not to try again by itself, so that a test sees every answer. */
export function clientsOf(server: Endpoint, credentials: Credentials = server.credentials): Clients {
  const configuration = {
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    maxAttempts: 1,
  };
  // A server that does not answer ends a test with a reason instead of a hang.
  const handler = () => new NodeHttpHandler({ requestTimeout: 20_000, throwOnRequestTimeout: true });
  const kinesis = new KinesisClient({ ...configuration, requestHandler: handler() });
  const kms = new KMSClient({ ...configuration, requestHandler: handler() });
  return {
    kinesis,
    kms,
    [Symbol.dispose]: () => {
      kinesis.destroy();
      kms.destroy();
    },
  };
}

/** The name of the error that a call is refused with; fails when it is not. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return (await rejection(call)).name;
}

/** The error that a call is refused with; fails when it is not. */
export async function rejection(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("the call was not refused");
}
