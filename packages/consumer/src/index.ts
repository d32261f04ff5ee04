export type { ActivityEvent, IntegerForm } from "./activity-event.ts";
export { type ReadOptions, readActivityStream } from "./activity-stream.ts";
export { type EventFilter, RDS_INTERNAL_ACCOUNTS } from "./event-filter.ts";
export { identitiesOf } from "./event-identities.ts";
export type { FollowOptions } from "./follow-options.ts";
export { type FollowStreamOptions, followStream } from "./follow-stream.ts";
export { type JoinedEvent, type JoinOptions, StatementJoiner } from "./join-statements.ts";
export type { KinesisReader } from "./kinesis-calls.ts";
export type { ArrivedRecord, Deliver, Stretch } from "./shard-stretch.ts";
export type { StartPosition } from "./start-position.ts";
export type {
  EventsItem,
  HeartbeatItem,
  LostShardItem,
  RecordPlace,
  StreamItem,
  UnreadableItem,
} from "./stream-item.ts";
export type { LostShard, StreamRecord } from "./stream-record.ts";
export { StretchReader, type StretchReaderOptions } from "./stretch-reader.ts";
