import type { InnerRecord } from "@das/core";
import type { ActivityEvent, IntegerForm } from "./activity-event.ts";
import type { RecordProvenance } from "./record-provenance.ts";
import type { LostShard, StreamRecord } from "./stream-record.ts";

/** Where a record stands in the stream, and when it came there. */
export type RecordPlace = Pick<StreamRecord, "shardId" | "sequenceNumber" | "approximateArrivalTime">;

/** A record that was opened; who put it there, where it says so. */
interface OpenedPlace extends RecordPlace, RecordProvenance {
  /** Of the record: `1.3` for Oracle, `1.4` for SQL Server (wire format §4). */
  readonly version: string;
  /** The resource whose activity it is: `db-…`. Empty on an Aurora stream, where `inner.clusterId` says it. */
  readonly instanceId: string;
  /** The record as it was sealed, with all its members, before anything was left out or spelled. */
  readonly inner: InnerRecord;
}

/** The events of one record. */
export interface EventsItem<Integers extends IntegerForm = "bigint"> extends OpenedPlace {
  readonly kind: "events";
  /** In the record's order; empty when all were excluded. */
  readonly events: readonly ActivityEvent<Integers>[];
  /** How many events of the record the filter left out. */
  readonly excluded: number;
  /** The marker of each of `events`, where there is provenance: what `identitiesOf` needs. */
  readonly markers?: readonly (string | undefined)[];
}

/** The producer lives, and has nothing to say. */
export interface HeartbeatItem extends OpenedPlace {
  readonly kind: "heartbeat";
}

/** A record whose events cannot be had. Reading goes on behind it. */
export interface UnreadableItem extends RecordPlace {
  readonly kind: "unreadable";
  /** Why, as a word for programs: `record-tampered`. */
  readonly code: string;
  /** Why, as a sentence; holds nothing of the record's content. */
  readonly reason: string;
  /** The record as it stands in the stream, to be kept and looked into. */
  readonly data: Uint8Array;
}

/** Records were lost unread: the reader fell behind the stream's retention. */
export interface LostShardItem extends LostShard {
  readonly kind: "lost-shard";
}

/** Every record gives one item, or two when a heartbeat and events share it. */
export type StreamItem<Integers extends IntegerForm = "bigint"> =
  | EventsItem<Integers>
  | HeartbeatItem
  | UnreadableItem
  | LostShardItem;
