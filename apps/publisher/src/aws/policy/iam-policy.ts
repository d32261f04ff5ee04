import { encryptionContextOf, type ResourceId } from "@das/core";
import { namedKey, partitionOf, streamArn } from "./amazon-resource.ts";

/** Who works with a stream, each with rights that the others lack. */
export const IAM_ROLES = ["publisher", "operator", "consumer"] as const;
export type IamRole = (typeof IAM_ROLES)[number];

/** What a policy is about. */
export interface PolicySubject {
  readonly resourceId: ResourceId;
  readonly region: string;
  /** 12 digits: who owns the stream. */
  readonly account: string;
  /** Setting `stream.kmsKeyId`. */
  readonly kmsKeyId: string;
  /** Keys that records still on the stream were sealed under, before `stream.kmsKeyId` was changed. */
  readonly formerKeyIds: readonly string[];
  /** ARN of the event bus that notifications are put on. */
  readonly eventBus?: string | undefined;
}

interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

interface Rights {
  /** Actions on the stream, by what they are for. */
  readonly stream: Readonly<Record<string, readonly string[]>>;
  /** Uses of the key; with the resource's encryption context only. */
  readonly key: readonly string[];
  /** Looking at the key, to which no encryption context belongs. */
  readonly describeKey: boolean;
  /** On the event bus of notifications, where there is one. */
  readonly eventBus?: Omit<PolicyStatement, "Effect" | "Resource">;
}

/**
 * The least that each needs. Whoever may put and has a data key can forge records, so nobody but the publisher puts; and
 * whoever may tag can stop publishers, so nobody but the operator tags.
 */
const RIGHTS: Readonly<Record<IamRole, Rights>> = {
  publisher: {
    stream: {
      PublishRecords: ["PutRecords"],
      // The stream is all that a publisher remembers (architecture §5).
      ResumeFromTheStream: [
        "DescribeStreamSummary",
        "GetRecords",
        "GetShardIterator",
        "ListShards",
        "ListTagsForStream",
      ],
    },
    key: ["Decrypt", "GenerateDataKey"],
    describeKey: false,
    eventBus: {
      Sid: "Notify",
      Action: ["events:PutEvents"],
      // No event of anybody else can be forged with it.
      Condition: { StringEquals: { "events:source": "das" } },
    },
  },
  operator: {
    stream: {
      GovernTheStream: ["AddTagsToStream", "CreateStream", "DeleteStream"],
      LookAtTheStream: ["DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards", "ListTagsForStream"],
    },
    key: ["Decrypt", "GenerateDataKey"],
    describeKey: true,
    eventBus: { Sid: "LookAtTheEventBus", Action: ["events:DescribeEventBus"] },
  },
  consumer: {
    stream: {
      // DescribeStream is what consumers of Amazon's own streams list shards by (wire format §9).
      ReadTheStream: ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"],
    },
    key: ["Decrypt"],
    describeKey: false,
  },
};

/** The identity policy of one role, for exactly one resource. */
export function iamPolicyOf(role: IamRole, subject: PolicySubject): PolicyDocument {
  const { stream, key, describeKey, eventBus } = RIGHTS[role];
  const { region, account, resourceId, kmsKeyId, formerKeyIds, eventBus: bus } = subject;
  const onStream = Object.entries(stream).map(([Sid, actions]) => ({
    Sid,
    Effect: "Allow" as const,
    Action: actions.map((action) => `kinesis:${action}`),
    Resource: streamArn(region, account, resourceId),
  }));
  return {
    Version: "2012-10-17",
    Statement: [
      ...onStream,
      useOfKey("UseTheKey", key, kmsKeyId, subject),
      ...(describeKey ? [lookAtKey(kmsKeyId, subject)] : []),
      ...(eventBus && bus !== undefined ? [useOfBus(eventBus, bus)] : []),
      ...formerKeyIds.map((id, index) => useOfKey(`OpenOlderRecords${index + 1}`, ["Decrypt"], id, subject)),
    ],
  };
}

function useOfBus({ Sid, Action, Condition }: NonNullable<Rights["eventBus"]>, bus: string): PolicyStatement {
  return { Sid, Effect: "Allow", Action, Resource: bus, ...(Condition && { Condition }) };
}

function useOfKey(sid: string, actions: readonly string[], keyId: string, subject: PolicySubject): PolicyStatement {
  const context = encryptionContextOf(subject.resourceId);
  const { resource, condition } = keyResource(keyId, subject);
  const ofContext = Object.fromEntries(
    Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
  );
  return {
    Sid: sid,
    Effect: "Allow",
    Action: actions.map((action) => `kms:${action}`),
    Resource: resource,
    Condition: {
      StringEquals: ofContext,
      // The context of a record is this one pair: a call that brings others is not about a stream.
      "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": Object.keys(context) },
      ...condition,
    },
  };
}

function lookAtKey(keyId: string, subject: PolicySubject): PolicyStatement {
  const { resource, condition } = keyResource(keyId, subject);
  return {
    Sid: "LookAtTheKey",
    Effect: "Allow",
    Action: ["kms:DescribeKey"],
    Resource: resource,
    ...(condition && { Condition: condition }),
  };
}

/**
 * IAM knows keys by their ARN only. An alias becomes a condition on all keys of its account, which whoever may move the
 * alias can widen.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 */
function keyResource(
  keyId: string,
  subject: PolicySubject,
): { readonly resource: string; readonly condition?: NonNullable<PolicyStatement["Condition"]> } {
  const { region = subject.region, account = subject.account, id, alias } = namedKey(keyId);
  const keys = `arn:${partitionOf(region)}:kms:${region}:${account}:key/`;
  return alias === undefined
    ? { resource: `${keys}${id}` }
    : {
        resource: `${keys}*`,
        condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": [alias] } },
      };
}
