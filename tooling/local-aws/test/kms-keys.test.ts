import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GenerateDataKeyCommand,
  type GenerateDataKeyCommandInput,
  ListAliasesCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { clientsOf, refusal, rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";

const DAY = 86_400_000;
const EncryptionContext = { "aws:rds:db-id": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ" };

/** A server with one key. */
async function setUp(): Promise<RunningServer & { readonly KeyId: string }> {
  const running = await runServer();
  return { ...running, KeyId: running.server.kms.createKey({ alias: "alias/das" }).arn };
}

const dataKey = ({ kms }: Pick<RunningServer, "kms">, input: Omit<GenerateDataKeyCommandInput, "EncryptionContext">) =>
  kms.send(new GenerateDataKeyCommand({ EncryptionContext, ...input }));

describe("a key", () => {
  test("is named by id, ARN, alias and alias ARN", async () => {
    await using setup = await setUp();
    const { kms, KeyId } = setup;
    const id = KeyId.slice(KeyId.indexOf("/") + 1);
    for (const name of [id, KeyId, "alias/das", KeyId.replace(/key\/.*/, "alias/das")]) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: name }));
      expect([name, KeyMetadata?.Arn]).toEqual([name, KeyId]);
    }
  });

  test.each([
    ["12345678-1234-1234-1234-123456789012", /^Key 'arn:aws:kms:us-east-1:123456789012:key\/.*' does not exist$/],
    ["alias/absent", /^Alias arn:aws:kms:us-east-1:123456789012:alias\/absent is not found\.$/],
    ["arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012", /^Invalid arn eu-west-1$/],
    ["nonsense", /^Invalid keyId 'nonsense'$/],
  ])("that does not exist is not found: %s", async (name, message) => {
    await using setup = await setUp();
    const error = await rejection(setup.kms.send(new DescribeKeyCommand({ KeyId: name })));
    expect(error.name).toBe("NotFoundException");
    expect(error.message).toMatch(message);
  });

  test("is described as AWS describes it", async () => {
    await using setup = await setUp();
    const { kms, clock } = setup;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "for streams" }));
    expect(KeyMetadata).toEqual({
      AWSAccountId: "123456789012",
      KeyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      Arn: `arn:aws:kms:us-east-1:123456789012:key/${KeyMetadata?.KeyId}`,
      CreationDate: new Date(clock.now()),
      Enabled: true,
      Description: "for streams",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeyState: "Enabled",
      Origin: "AWS_KMS",
      KeyManager: "CUSTOMER",
      KeySpec: "SYMMETRIC_DEFAULT",
      CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      MultiRegion: false,
    });
  });

  test("that is disabled does nothing until it is enabled again", async () => {
    await using setup = await setUp();
    const { kms, KeyId } = setup;
    const { CiphertextBlob } = await dataKey(setup, { KeyId, KeySpec: "AES_256" });
    await kms.send(new DisableKeyCommand({ KeyId }));
    const error = await rejection(dataKey(setup, { KeyId, KeySpec: "AES_256" }));
    expect([error.name, error.message]).toEqual(["DisabledException", `${KeyId} is disabled.`]);
    const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(await refusal(decrypt())).toBe("DisabledException");
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect((await decrypt()).KeyId).toBe(KeyId);
  });

  test("whose deletion is scheduled is refused, comes back disabled when cancelled, and is gone when not", async () => {
    await using setup = await setUp();
    const { kms, KeyId, clock } = setup;
    const { CiphertextBlob } = await dataKey(setup, { KeyId, KeySpec: "AES_256" });
    const schedule = () => kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    const state = async () => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;
    expect(await schedule()).toMatchObject({
      KeyState: "PendingDeletion",
      DeletionDate: new Date(clock.now() + 7 * DAY),
    });
    const error = await rejection(dataKey(setup, { KeyId, KeySpec: "AES_256" }));
    expect([error.name, error.message]).toEqual(["KMSInvalidStateException", `${KeyId} is pending deletion.`]);
    expect(await refusal(kms.send(new EnableKeyCommand({ KeyId })))).toBe("KMSInvalidStateException");
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    expect(await state()).toBe("Disabled");
    expect(await refusal(kms.send(new CancelKeyDeletionCommand({ KeyId })))).toBe("KMSInvalidStateException");

    await schedule();
    clock.advance(7 * DAY - 1);
    expect(await state()).toBe("PendingDeletion");
    clock.advance(1);
    expect(await refusal(state())).toBe("NotFoundException");
    expect((await kms.send(new ListAliasesCommand({}))).Aliases).toEqual([]);
    const decrypt = kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(await refusal(decrypt)).toBe("AccessDeniedException");
  });

  test.each([
    ["SIGN_VERIFY", "RSA_2048", "key usage is SIGN_VERIFY which is not valid for GenerateDataKey."],
    ["GENERATE_VERIFY_MAC", "HMAC_256", "key usage is GENERATE_VERIFY_MAC which is not valid for GenerateDataKey."],
    ["ENCRYPT_DECRYPT", "RSA_2048", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."],
  ] as const)("for %s of spec %s makes no data keys", async (KeyUsage, KeySpec, message) => {
    await using setup = await setUp();
    const { KeyMetadata } = await setup.kms.send(new CreateKeyCommand({ KeyUsage, KeySpec }));
    expect(KeyMetadata).toMatchObject({ KeyUsage, KeySpec });
    const error = await rejection(dataKey(setup, { KeyId: KeyMetadata?.KeyId, KeySpec: "AES_256" }));
    expect(error.name).toBe("InvalidKeyUsageException");
    expect(error.message).toContain(message);
  });

  test("has a usage that fits its spec", async () => {
    await using setup = await setUp();
    const create = (input: object) => setup.kms.send(new CreateKeyCommand(input));
    expect(await refusal(create({ KeySpec: "RSA_2048" }))).toBe("ValidationException");
    expect(await refusal(create({ KeySpec: "ECC_NIST_P256", KeyUsage: "ENCRYPT_DECRYPT" }))).toBe(
      "ValidationException",
    );
    expect((await create({ KeySpec: "HMAC_256" })).KeyMetadata?.KeyUsage).toBe("GENERATE_VERIFY_MAC");
  });

  test("that AWS manages can be looked at and not used", async () => {
    await using setup = await setUp();
    const { KeyMetadata } = await setup.kms.send(new DescribeKeyCommand({ KeyId: "alias/aws/rds" }));
    expect(KeyMetadata).toMatchObject({ KeyManager: "AWS", KeySpec: "SYMMETRIC_DEFAULT", Enabled: true });
    const again = await setup.kms.send(new DescribeKeyCommand({ KeyId: "alias/aws/rds" }));
    expect(again.KeyMetadata?.KeyId).toBe(KeyMetadata?.KeyId);
    expect(await refusal(dataKey(setup, { KeyId: "alias/aws/rds", KeySpec: "AES_256" }))).toBe("AccessDeniedException");
    expect(setup.server.kms.createKey({ manager: "AWS" }).arn).toMatch(/^arn:aws:kms:/);
  });
});

describe("aliases", () => {
  test("are made, listed by page and by key, and not made twice", async () => {
    await using setup = await setUp();
    const { kms, KeyId } = setup;
    const create = (AliasName: string) => kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    await create("alias/a/b_c-1");
    expect(await refusal(create("alias/das"))).toBe("AlreadyExistsException");
    expect(await refusal(create("das"))).toBe("ValidationException");
    expect(await refusal(create("alias/aws/mine"))).toBe("NotAuthorizedException");
    const first = await kms.send(new ListAliasesCommand({ Limit: 1 }));
    const second = await kms.send(new ListAliasesCommand({ Limit: 1, Marker: first.NextMarker }));
    expect([first, second].map(({ Aliases, Truncated }) => [Aliases?.[0]?.AliasName, Truncated])).toEqual([
      ["alias/a/b_c-1", true],
      ["alias/das", false],
    ]);
    const other = setup.server.kms.createKey({ alias: "alias/other" }).keyId;
    const ofOther = await kms.send(new ListAliasesCommand({ KeyId: other }));
    expect(ofOther.Aliases?.map(({ AliasArn, TargetKeyId }) => [AliasArn, TargetKeyId])).toEqual([
      ["arn:aws:kms:us-east-1:123456789012:alias/other", other],
    ]);
  });
});

describe("who may not", () => {
  test("is told so in AWS's words, one action of one principal at a time", async () => {
    await using setup = await setUp();
    const { server, KeyId } = setup;
    const writer = server.addPrincipal({ userName: "writer" });
    using writers = clientsOf(server, writer);
    const { CiphertextBlob } = await dataKey(writers, { KeyId, KeySpec: "AES_256" });
    const denials = (["kms:GenerateDataKey", "kms:Decrypt"] as const).map((action) =>
      server.deny({ principal: "writer", action }),
    );
    const generate = await rejection(dataKey(writers, { KeyId, KeySpec: "AES_256" }));
    expect(generate.name).toBe("AccessDeniedException");
    expect(generate.message).toBe(
      `User: arn:aws:iam::123456789012:user/writer is not authorized to perform: kms:GenerateDataKey on resource: ${KeyId} because no identity-based policy allows the kms:GenerateDataKey action`,
    );
    const decrypt = () => writers.kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect((await rejection(decrypt())).message).toBe(
      "User: arn:aws:iam::123456789012:user/writer is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action",
    );
    expect((await dataKey(setup, { KeyId, KeySpec: "AES_256" })).KeyId).toBe(KeyId);
    for (const denial of denials) denial.remove();
    expect((await decrypt()).KeyId).toBe(KeyId);
  });

  test("may still use other keys when one is denied", async () => {
    await using setup = await setUp();
    const { server, KeyId } = setup;
    const other = server.kms.createKey().arn;
    server.deny({ action: "kms:*", resource: KeyId });
    expect(await refusal(dataKey(setup, { KeyId, KeySpec: "AES_256" }))).toBe("AccessDeniedException");
    expect((await dataKey(setup, { KeyId: other, KeySpec: "AES_256" })).KeyId).toBe(other);
  });
});
