import { describe, expect, test } from "vitest";
import { eventBusArn, eventBusRegion, namedKey, partitionOf } from "./amazon-resource.ts";
import { IAM_ROLES, iamPolicyOf, type PolicySubject } from "./iam-policy.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const KEY_ID = "11111111-2222-3333-4444-555555555555";
const subject: PolicySubject = {
  resourceId: RESOURCE,
  region: "eu-central-1",
  account: "123456789012",
  kmsKeyId: KEY_ID,
  formerKeyIds: [],
};

describe("the policy of", () => {
  test("a consumer: reads this stream, and opens what was sealed for this resource under this key", () => {
    expect(iamPolicyOf("consumer", subject)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "ReadTheStream",
          Effect: "Allow",
          Action: [
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
          ],
          Resource: `arn:aws:kinesis:eu-central-1:123456789012:stream/aws-rds-das-${RESOURCE}`,
        },
        {
          Sid: "UseTheKey",
          Effect: "Allow",
          Action: ["kms:Decrypt"],
          Resource: `arn:aws:kms:eu-central-1:123456789012:key/${KEY_ID}`,
          Condition: {
            StringEquals: { "kms:EncryptionContext:aws:rds:db-id": RESOURCE },
            "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["aws:rds:db-id"] },
          },
        },
      ],
    });
  });

  test("whoever is not the publisher puts nothing", () => {
    const eventBus = "arn:aws:events:eu-central-1:123456789012:event-bus/security";
    const puts = IAM_ROLES.filter((role) => /:Put/.test(JSON.stringify(iamPolicyOf(role, { ...subject, eventBus }))));
    expect(puts).toEqual(["publisher"]);
  });

  test("each names the event bus of notifications, where there is one, and its own use of it only", () => {
    const eventBus = "arn:aws:events:eu-central-1:123456789012:event-bus/security";
    const ofBus = (role: (typeof IAM_ROLES)[number]) =>
      iamPolicyOf(role, { ...subject, eventBus }).Statement.filter(({ Resource }) => Resource === eventBus);
    expect(ofBus("publisher")).toEqual([
      {
        Sid: "Notify",
        Effect: "Allow",
        Action: ["events:PutEvents"],
        Resource: eventBus,
        Condition: { StringEquals: { "events:source": "das" } },
      },
    ]);
    expect(ofBus("operator")).toMatchObject([{ Action: ["events:DescribeEventBus"] }]);
    expect(ofBus("consumer")).toEqual([]);
    expect(IAM_ROLES.map((role) => JSON.stringify(iamPolicyOf(role, subject))).join()).not.toContain("events:");
  });

  test.each(IAM_ROLES)("%s opens what former keys sealed, and seals nothing with them", (role) => {
    const former = "arn:aws:kms:eu-west-1:210987654321:key/99999999-2222-3333-4444-555555555555";
    const { Statement } = iamPolicyOf(role, { ...subject, formerKeyIds: [former, "alias/old"] });
    const [first, second] = Statement.filter(({ Sid }) => Sid.startsWith("OpenOlderRecords"));
    expect(first).toMatchObject({ Action: ["kms:Decrypt"], Resource: former });
    expect(second).toMatchObject({
      Action: ["kms:Decrypt"],
      Resource: "arn:aws:kms:eu-central-1:123456789012:key/*",
      Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": ["alias/old"] } },
    });
  });

  test.each(IAM_ROLES)("%s names one resource in each statement, and no action by a pattern", (role) => {
    for (const { Sid, Action, Resource } of iamPolicyOf(role, subject).Statement) {
      // IAM: letters and digits only.
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(Resource).not.toContain("*");
      expect(Action.join()).not.toContain("*");
    }
  });
});

test.each([
  ["eu-central-1", "aws"],
  ["us-gov-west-1", "aws-us-gov"],
  ["cn-north-1", "aws-cn"],
  ["us-isob-east-1", "aws-iso-b"],
])("%s lies in the partition %s", (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
  const { Statement } = iamPolicyOf("publisher", { ...subject, region });
  for (const { Resource } of Statement)
    expect(Resource).toMatch(new RegExp(`^arn:${partition}:(kinesis|kms):${region}:`));
});

test.each([
  [KEY_ID, { id: KEY_ID }],
  [`arn:aws:kms:eu-west-1:210987654321:key/${KEY_ID}`, { id: KEY_ID, region: "eu-west-1", account: "210987654321" }],
  ["alias/das", { alias: "alias/das" }],
  ["arn:aws-cn:kms:cn-north-1:1:key/x", { id: "arn:aws-cn:kms:cn-north-1:1:key/x" }],
  [
    "arn:aws:kms:eu-west-1:210987654321:alias/team/das",
    { alias: "alias/team/das", region: "eu-west-1", account: "210987654321" },
  ],
  ["mrk-1234abcd12ab34cd56ef1234567890ab", { id: "mrk-1234abcd12ab34cd56ef1234567890ab" }],
])("%s names a key", (reference, expected) => {
  expect(namedKey(reference)).toEqual(expected);
});

test.each([
  [{ bus: "security" }, "arn:aws:events:eu-central-1:123456789012:event-bus/security", "eu-central-1"],
  [
    { bus: "default", region: "cn-north-1" },
    "arn:aws-cn:events:cn-north-1:123456789012:event-bus/default",
    "cn-north-1",
  ],
  [
    { bus: "arn:aws:events:eu-west-1:210987654321:event-bus/central" },
    "arn:aws:events:eu-west-1:210987654321:event-bus/central",
    "eu-west-1",
  ],
])("%j names an event bus", (eventBridge, arn, region) => {
  const settings = { stream: { region: "eu-central-1" }, notify: { eventBridge } };
  expect(eventBusArn(settings, "123456789012")).toBe(arn);
  expect(eventBusRegion(settings)).toBe(region);
});
