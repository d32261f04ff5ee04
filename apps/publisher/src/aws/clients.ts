import { KinesisClient } from "@aws-sdk/client-kinesis";
import { KMSClient } from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";

export interface AwsClients extends Disposable {
  readonly kinesis: KinesisClient;
  readonly kms: KMSClient;
}

/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000;
const REQUEST_TIMEOUT = 30_000;

/** What tests put in the place of the SDK's own conventions. */
export interface AwsOverrides {
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Attempts of a call to Kinesis. One: the pipeline's own loop retries puts, without end and in order. */
const ATTEMPTS = 1;
/** For a command that looks once and ends: what is throttled now is not said to be wrong. */
export const ATTEMPTS_OF_A_LOOK = 4;

/**
 * Clients that follow the SDK's own conventions: credentials chain, profiles, `AWS_ENDPOINT_URL`,
 * `AWS_ENDPOINT_URL_KINESIS`, `AWS_ENDPOINT_URL_KMS`. The region comes from the configuration where there is one.
 */
export function openAwsClients(
  region: string | undefined,
  overrides: AwsOverrides = {},
  kinesisAttempts = ATTEMPTS,
): AwsClients {
  const kinesis = new KinesisClient({ ...clientOptions(region, overrides), maxAttempts: kinesisAttempts });
  const kms = new KMSClient(clientOptions(region, overrides));
  return {
    kinesis,
    kms,
    [Symbol.dispose]: () => {
      kinesis.destroy();
      kms.destroy();
    },
  };
}

/** For one client: a handler is closed with its client. */
export function clientOptions(region: string | undefined, overrides: AwsOverrides = {}) {
  return {
    ...(region !== undefined && { region }),
    ...overrides,
    // The Kinesis client would speak HTTP/2; HTTP/1.1 with keep-alive works everywhere and is not slower.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      throwOnRequestTimeout: true,
    }),
  };
}
