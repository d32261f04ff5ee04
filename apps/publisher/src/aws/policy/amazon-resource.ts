import { type ResourceId, streamNameOf } from "@das/core";

/** Regions of AWS that are worlds of their own: their ARNs begin otherwise. */
const PARTITIONS: readonly (readonly [prefix: string, partition: string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-iso-", "aws-iso"],
  ["us-isob-", "aws-iso-b"],
  ["us-isof-", "aws-iso-f"],
  ["eu-isoe-", "aws-iso-e"],
];

/** @returns `aws` for all regions that are not set apart */
export function partitionOf(region: string): string {
  return PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}

export function streamArn(region: string, account: string, resourceId: ResourceId): string {
  return `arn:${partitionOf(region)}:kinesis:${region}:${account}:stream/${streamNameOf(resourceId)}`;
}

const KEY_ARN = /^arn:[a-z-]+:kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?<name>(?:key|alias)\/.+)$/;

/** How `stream.kmsKeyId` names its key. */
export interface NamedKey {
  /** Absent: the region and the account of whoever asks. */
  readonly region?: string;
  readonly account?: string;
  /** Without `key/`. An alias leads to whatever key it is moved to. */
  readonly id?: string;
  /** With `alias/`. */
  readonly alias?: string;
}

/** A key id, key ARN, alias name or alias ARN, as KMS takes them. */
export function namedKey(reference: string): NamedKey {
  const { region, account, name = reference } = KEY_ARN.exec(reference)?.groups ?? {};
  return {
    ...(region !== undefined && { region }),
    ...(account !== undefined && { account }),
    ...(name.startsWith("alias/") ? { alias: name } : { id: name.replace(/^key\//, "") }),
  };
}
