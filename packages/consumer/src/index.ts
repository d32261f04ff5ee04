export type {
  CompletePoint,
  EpochReport,
  GenerationReport,
  Hole,
  LaneReport,
  PublisherReport,
  SourceReport,
  StreamReport,
} from "./account-report.ts";
export { unexplainedHoles } from "./account-report.ts";
export type { ActivityEvent, IntegerForm } from "./activity-event.ts";
export { type ReadOptions, readActivityStream } from "./activity-stream.ts";
export { type EventFilter, RDS_INTERNAL_ACCOUNTS } from "./event-filter.ts";
export { identitiesOf } from "./event-identities.ts";
export { EventMemory, type EventMemoryOptions, type MemoryHorizon } from "./event-memory.ts";
export type { FollowOptions } from "./follow-options.ts";
export { type FollowStreamOptions, followStream } from "./follow-stream.ts";
export { type JoinedEvent, type JoinOptions, StatementJoiner } from "./join-statements.ts";
export type { KinesisReader } from "./kinesis-calls.ts";
export type { ToldLossWindow } from "./loss-window-book.ts";
export { type OrderedReadOptions, readOrderedEvents } from "./ordered-events.ts";
export type { HoleItem, LossWindowItem, NewEventsItem, OrderedItem } from "./ordered-item.ts";
export type { LanePlace, OrderOptions } from "./record-order.ts";
export type { Edge, Gap } from "./sequence-ranges.ts";
export type { ArrivedRecord, Deliver, Stretch } from "./shard-stretch.ts";
export type { StartPosition } from "./start-position.ts";
export { StreamAccount } from "./stream-account.ts";
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
