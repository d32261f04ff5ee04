import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { type CheckFinding, checkTopic } from "@das/core";
import { ask } from "./answer.ts";

/** Are there credentials at all? Whose they are and what they may do, the calls of the other checks show. */
export async function checkCredentials({ config }: KinesisClient): Promise<CheckFinding> {
  const { ok, failure } = checkTopic("aws.credentials", "Whoever publishes signs its calls to Kinesis and KMS");
  const found = await ask("AWS", () => config.credentials());
  if (!found.known) return failure(found.reason, found.remedy);
  const { accountId } = found.value;
  return ok(
    accountId === undefined ? "AWS credentials are at hand" : `AWS credentials of account ${accountId} are at hand`,
  );
}
