import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from "@aws-sdk/client-kms";
import { type CheckFinding, checkTopic, encryptionContextOf, type ResourceId } from "@das/core";
import { DataKeyCache, DataKeyLender } from "@das/envelope";
import { namedKey } from "../policy/amazon-resource.ts";
import { type Answer, ask } from "./answer.ts";

export interface KeySubject {
  readonly kms: KMSClient;
  /** Setting `stream.kmsKeyId`, or what `das start` was given instead. */
  readonly keyId: string;
  readonly resourceId: ResourceId;
  readonly region: string;
}

/** The key of `stream.kmsKeyId`: what it is, and whether the publisher may seal with it and open what it sealed. */
export async function checkKey(subject: KeySubject): Promise<readonly CheckFinding[]> {
  const { kms, keyId, region } = subject;
  const elsewhere = namedKey(keyId).region;
  if (elsewhere !== undefined && elsewhere !== region) {
    return [KEY.failure(`the key is in ${elsewhere}, the stream in ${region}`, nameAnother(`a key of ${region}`))];
  }
  const described = await ask("stream.kmsKeyId", async (): Promise<Partial<KeyMetadata>> => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    return KeyMetadata ?? {};
  });
  const key = judgeKey(described, subject);
  return key.status === "failure" ? [key] : [key, ...(await checkUse(subject))];
}

const KEY = checkTopic("kms.key", "Every record is sealed under a data key that this key gives out");

function nameAnother(what: string): string {
  return `Name ${what} in stream.kmsKeyId`;
}

function judgeKey(described: Answer<Partial<KeyMetadata>>, { keyId, region }: KeySubject): CheckFinding {
  const { ok, warning, failure } = KEY;
  if (!described.known) {
    if (described.code === "NotFoundException") {
      return failure(`the key ${keyId} does not exist in ${region}`, nameAnother("a key of this account and region"));
    }
    // It is not among a publisher's rights, and an AWS managed key would give no data key to it.
    if (described.code === "AccessDeniedException") {
      return ok(`this role may not look at the key ${keyId}; what it may do with it is tried below`);
    }
    return warning(`the key cannot be looked at (${described.reason})`, described.remedy);
  }
  const { Arn = keyId, KeyManager, KeySpec, KeyUsage, KeyState } = described.value;
  if (KeySpec !== "SYMMETRIC_DEFAULT" || KeyUsage !== "ENCRYPT_DECRYPT") {
    return failure(
      `the key is of spec ${KeySpec} for ${KeyUsage}; data keys come from symmetric encryption keys only`,
      nameAnother("a key of spec SYMMETRIC_DEFAULT and usage ENCRYPT_DECRYPT"),
    );
  }
  if (KeyManager === "AWS") {
    return failure(
      "the key is managed by AWS, so nobody can be given the right to open what it sealed",
      "Create a customer managed key, and name it in stream.kmsKeyId",
    );
  }
  if (KeyState !== "Enabled") {
    return failure(
      `the key is not enabled (${KeyState})`,
      KeyState === "PendingDeletion"
        ? `aws kms cancel-key-deletion --key-id ${Arn} && aws kms enable-key --key-id ${Arn}`
        : `aws kms enable-key --key-id ${Arn}`,
    );
  }
  return ok(`the key ${Arn} is symmetric, customer managed and enabled`);
}

/** The two rights, tried with the context that records bear. */
async function checkUse({ kms, keyId, resourceId }: KeySubject): Promise<readonly CheckFinding[]> {
  const sealing = checkTopic(
    "kms.generate-data-key",
    "Without a data key nothing can be sealed, and so nothing published",
  );
  const opening = checkTopic(
    "kms.decrypt",
    "A publisher reads from the stream where to go on, and so opens its own records",
  );
  const [context = ""] = Object.entries(encryptionContextOf(resourceId)).map(([name, value]) => `${name} = ${value}`);
  using lender = new DataKeyLender({ kms, keyId, resourceId });
  const lent = await ask("stream.kmsKeyId", () => lender.lend());
  if (!lent.known) return [sealing.failure(lent.reason, lent.remedy)];
  using lease = lent.value;
  using keys = new DataKeyCache({ kms, resourceId });
  const opened = await ask("stream.kmsKeyId", () => useOnce(keys, lease.encrypted));
  return [
    sealing.ok(`data keys are given out with the context ${context}`),
    opened.known
      ? opening.ok(`what was sealed with the context ${context} can be opened`)
      : opening.failure(opened.reason, opened.remedy),
  ];
}

async function useOnce(keys: DataKeyCache, encrypted: string): Promise<void> {
  using _ = await keys.lend(encrypted);
}
