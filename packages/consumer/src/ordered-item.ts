import type { ActivityEvent, IntegerForm } from "./activity-event.ts";
import type { ToldLossWindow } from "./loss-window-book.ts";
import type { LanePlace } from "./record-order.ts";
import type { EventsItem, HeartbeatItem, LostShardItem, RecordPlace, UnreadableItem } from "./stream-item.ts";

interface Saveable {
  /**
   * What to save for `shardId` once this item is dealt with, so as to go on later with `from: { after }`; undefined: what
   * was saved before still holds. It is not always `sequenceNumber`: a record that was overtaken comes before the one
   * that overtook it.
   */
  readonly savePoint: string | undefined;
}

/** Events of one record that did not come before. */
export interface NewEventsItem<Integers extends IntegerForm = "bigint"> extends EventsItem<Integers> {
  /** Events of the record that are left out because they came before. */
  readonly doubles: number;
  /** The record came after its place in the order had been given up: see `HoleItem`. */
  readonly late?: true;
}

/**
 * The publisher says that activity may be missing from the stream. It comes in its place in the order, and once more
 * when its end is told.
 */
export interface LossWindowItem<Integers extends IntegerForm = "bigint"> extends RecordPlace, ToldLossWindow {
  readonly kind: "loss-window";
  readonly source: string;
  /** As it stands on the stream. */
  readonly event: ActivityEvent<Integers>;
}

/**
 * Records of a lane that did not come in time, told before what comes behind them. What was acknowledged is lost, or
 * could not be opened; what was not may come late, or its rows come again with the next epoch (`StreamAccount`).
 */
export interface HoleItem extends LanePlace {
  readonly kind: "hole";
  readonly shardId: string;
  readonly from: number;
  readonly to: number;
  readonly acknowledged: boolean;
}

export type OrderedItem<Integers extends IntegerForm = "bigint"> = Saveable &
  (NewEventsItem<Integers> | LossWindowItem<Integers> | HoleItem | HeartbeatItem | UnreadableItem | LostShardItem);
