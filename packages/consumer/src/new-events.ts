import type { DatabaseActivityEvent } from "@das/core";
import type { IntegerForm } from "./activity-event.ts";
import { identitiesOf } from "./event-identities.ts";
import type { EventMemory } from "./event-memory.ts";
import { isLossWindow, type LossWindowBook } from "./loss-window-book.ts";
import type { LossWindowItem, NewEventsItem } from "./ordered-item.ts";
import type { EventsItem } from "./stream-item.ts";

/** Events of one record, of which it is to be found out which are new. */
type Unsorted<Integers extends IntegerForm> = Omit<NewEventsItem<Integers>, "doubles">;

/**
 * What is new in a record, in its order: its events without those that came before, cut where a loss window was told.
 * What is not taken is not remembered.
 *
 * A record without provenance comes as it is: nothing is known of the identity of its events.
 * @returns the last part, always one of events, perhaps of none; it says how many were left out
 */
export function* newEvents<Integers extends IntegerForm>(
  item: Unsorted<Integers>,
  memory: EventMemory,
  windows: LossWindowBook,
): Generator<NewEventsItem<Integers> | LossWindowItem<Integers>, NewEventsItem<Integers>> {
  const identities = identitiesOf(item);
  if (!identities || !item.provenance) return { ...item, doubles: 0 };
  const { source } = item.provenance;
  let places: number[] = [];
  let doubles = 0;
  for (const [place, event] of item.events.entries()) {
    const identity = identities[place];
    if (!isLossWindow(event)) {
      if (identity && memory.add(source, identity, item.approximateArrivalTime)) places.push(place);
      else doubles += 1;
      continue;
    }
    const window = windows.tell(source, event as DatabaseActivityEvent);
    if (!window) {
      doubles += 1;
      continue;
    }
    if (places.length > 0) yield { ...eventsAt(item, places), excluded: 0, doubles: 0 };
    places = [];
    const { shardId, sequenceNumber, approximateArrivalTime } = item;
    yield { kind: "loss-window", shardId, sequenceNumber, approximateArrivalTime, source, ...window, event };
  }
  return { ...eventsAt(item, places), doubles };
}

/** A record that stands on the stream twice: all of it came before. */
export function nothingNew<Integers extends IntegerForm>(item: EventsItem<Integers>): NewEventsItem<Integers> {
  return { ...eventsAt(item, []), doubles: item.events.length };
}

/** The item with the events at these places alone. */
function eventsAt<Integers extends IntegerForm>(
  item: Unsorted<Integers>,
  places: readonly number[],
): Unsorted<Integers> {
  if (places.length === item.events.length) return item;
  const wanted = new Set(places);
  const at = <Value>(values: readonly Value[]) => values.filter((_, index) => wanted.has(index));
  return { ...item, events: at(item.events), ...(item.markers && { markers: at(item.markers) }) };
}
