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

/** Name or ARN of an event bus. */
export const EVENT_BUS_PATTERN =
  /^(?:arn:[a-z-]+:events:(?<region>[a-z0-9-]+):(?<account>\d{12}):event-bus\/)?(?<name>[\w./-]{1,256})$/;

/** How settings name the bus of notifications, and where it is when they do not say. */
interface NamedBus {
  readonly stream: { readonly region: string };
  readonly notify: {
    readonly eventBridge?: { readonly bus: string; readonly region?: string | undefined } | undefined;
  };
}

export function eventBusRegion({ stream, notify: { eventBridge } }: NamedBus): string {
  return EVENT_BUS_PATTERN.exec(eventBridge?.bus ?? "")?.groups?.region ?? eventBridge?.region ?? stream.region;
}

/** @param account of the stream: a bus without an ARN is in the same. @returns undefined when none is configured */
export function eventBusArn(settings: NamedBus, account: string): string | undefined {
  const { bus } = settings.notify.eventBridge ?? {};
  if (bus === undefined || bus.startsWith("arn:")) return bus;
  const region = eventBusRegion(settings);
  return `arn:${partitionOf(region)}:events:${region}:${account}:event-bus/${bus}`;
}
