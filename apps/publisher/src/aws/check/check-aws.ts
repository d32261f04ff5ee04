import type { CheckFinding, Clock } from "@das/core";
import type { Configuration } from "../../configuration/schema.ts";
import type { AwsClients } from "../clients.ts";
import { ClockObserver, judgeClock } from "./clock.ts";
import { checkCredentials } from "./credentials.ts";
import { checkKey } from "./key.ts";
import { checkStream } from "./stream.ts";

/** What a publisher of this resource depends on in AWS, in a stable order. Reads and tries, but never writes. */
export async function checkAws(
  configuration: Configuration,
  { kinesis, kms }: AwsClients,
  clock: Pick<Clock, "now">,
): Promise<readonly CheckFinding[]> {
  const credentials = await checkCredentials(kinesis);
  if (credentials.status === "failure") return [credentials];
  using awsClock = new ClockObserver(kinesis, clock);
  const { stream, resource } = configuration;
  const { findings, keyInForce = stream.kmsKeyId } = await checkStream(kinesis, configuration, awsClock);
  const key = await checkKey({ kms, keyId: keyInForce, resourceId: resource.id, region: stream.region });
  return [credentials, ...key, ...findings, judgeClock(awsClock.bounds)];
}
