/** Names of resources across AWS: `arn:partition:service:region:account:resource`. */

const PARTITIONS: readonly (readonly [prefix: string, partition: string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
];

function partitionOf(region: string): string {
  return PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}

export interface Arn {
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** `stream/name`, `key/id`, `alias/name`, `user/name` */
  readonly resource: string;
}

export function formatArn(arn: Arn): string {
  // IAM is global: its ARNs name the partition but no region.
  const region = arn.service === "iam" ? "" : arn.region;
  return `arn:${partitionOf(arn.region)}:${arn.service}:${region}:${arn.accountId}:${arn.resource}`;
}

export function parseArn(text: string): Arn | undefined {
  const parts = /^arn:aws[^:]*:([^:]*):([^:]*):(\d{12}):(.+)$/.exec(text);
  if (!parts) return undefined;
  const [, service = "", region = "", accountId = "", resource = ""] = parts;
  return { service, region, accountId, resource };
}
