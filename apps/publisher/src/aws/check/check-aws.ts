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
  const [key, streamFindings] = await Promise.all([
    checkKey({ kms, keyId: stream.kmsKeyId, resourceId: resource.id, region: stream.region }),
    checkStream(kinesis, configuration, awsClock),
  ]);
  return [credentials, ...key, ...streamFindings, judgeClock(awsClock.bounds)];
}
