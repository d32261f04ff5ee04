export type { FollowOptions } from "./follow-options.ts";
export { type FollowStreamOptions, followStream } from "./follow-stream.ts";
export type { KinesisReader } from "./kinesis-calls.ts";
export type { StartPosition } from "./start-position.ts";
export type { LostShard, StreamRecord } from "./stream-record.ts";
