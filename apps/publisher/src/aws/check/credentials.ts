import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { CheckFinding } from "@das/core";
import { ask } from "./answer.ts";
import { about } from "./finding.ts";

/** Are there credentials at all? Whose they are and what they may do, the calls of the other checks show. */
export async function checkCredentials({ config }: KinesisClient): Promise<CheckFinding> {
  const { ok, failure } = about("aws.credentials", "Whoever publishes signs its calls to Kinesis and KMS");
  const found = await ask("AWS", () => config.credentials());
  if (!found.known) return failure(found.reason, found.remedy);
  const { accountId } = found.value;
  return ok(
    accountId === undefined ? "AWS credentials are at hand" : `AWS credentials of account ${accountId} are at hand`,
  );
}
