import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from "@aws-sdk/client-kms";
import { type CheckFinding, encryptionContextOf, type ResourceId } from "@das/core";
import { DataKeyCache, DataKeyLender } from "@das/envelope";
import { type Answer, ask } from "./answer.ts";
import { about } from "./finding.ts";

export interface KeySubject {
  readonly kms: KMSClient;
  /** Setting `stream.kmsKeyId`. */
  readonly keyId: string;
  readonly resourceId: ResourceId;
  readonly region: string;
}

/** The key of `stream.kmsKeyId`: what it is, and whether the publisher may seal with it and open what it sealed. */
export async function checkKey(subject: KeySubject): Promise<readonly CheckFinding[]> {
  const { kms, keyId } = subject;
  const described = await ask("stream.kmsKeyId", async () => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    return KeyMetadata ?? {};
  });
  return [judgeKey(described, subject), ...(await checkUse(subject))];
}

function judgeKey(described: Answer<KeyMetadata>, { keyId, region }: KeySubject): CheckFinding {
  const { ok, warning, failure } = about("kms.key", "Every record is sealed under a data key that this key gives out");
  if (!described.known) {
    if (described.code === "NotFoundException") {
      return failure(`the key ${keyId} does not exist in ${region}`, "Name a key of this account and region in stream.kmsKeyId");
    }
    // Sealing and opening are tried below, and they are all that a publisher needs.
    return warning(`the key cannot be looked at (${described.reason})`, "Allow kms:DescribeKey on it to this role");
  }
  const { Arn = keyId, KeyManager, KeySpec, KeyUsage, KeyState } = described.value;
  if (KeySpec !== "SYMMETRIC_DEFAULT" || KeyUsage !== "ENCRYPT_DECRYPT") {
    return failure(
      `the key is of spec ${KeySpec} for ${KeyUsage}; data keys come from symmetric encryption keys only`,
      "Name a key of spec SYMMETRIC_DEFAULT and usage ENCRYPT_DECRYPT in stream.kmsKeyId",
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
  if (!Arn.includes(`:${region}:`)) {
    return failure(`the key is in another region than the stream (${Arn})`, `Name a key of ${region} in stream.kmsKeyId`);
  }
  return ok(`the key ${Arn} is symmetric, customer managed and enabled`);
}

/** The two rights, tried with the context that records bear. */
async function checkUse({ kms, keyId, resourceId }: KeySubject): Promise<readonly CheckFinding[]> {
  const sealing = about("kms.generate-data-key", "Without a data key nothing can be sealed, and so nothing published");
  const opening = about("kms.decrypt", "A publisher reads from the stream where to go on, and so opens its own records");
  const [context = ""] = Object.entries(encryptionContextOf(resourceId)).map(([name, value]) => `${name} = ${value}`);
  using lender = new DataKeyLender({ kms, keyId, resourceId });
  const lent = await ask("stream.kmsKeyId", () => lender.lend());
  if (!lent.known) return [sealing.failure(lent.reason, lent.remedy)];
  using lease = lent.value;
  using keys = new DataKeyCache({ kms, resourceId });
  const opened = await ask("stream.kmsKeyId", () => keys.get(lease.encryptedKey));
  return [
    sealing.ok(`data keys are given out with the context ${context}`),
    opened.known
      ? opening.ok(`what was sealed with the context ${context} can be opened`)
      : opening.failure(opened.reason, opened.remedy),
  ];
}
