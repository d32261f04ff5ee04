import type { DatabaseActivityEvent, Heartbeat, RecordError } from "@das/core";
import type { OpenedRecord } from "@das/envelope";
import { type ActivityEvent, type IntegerForm, spellBigints } from "./activity-event.ts";
import { type EventFilter, isExcluded } from "./event-filter.ts";
import { provenanceOf } from "./record-provenance.ts";
import type { EventsItem, HeartbeatItem, RecordPlace, UnreadableItem } from "./stream-item.ts";
import type { StreamRecord } from "./stream-record.ts";

/** How events are to be given. */
export interface EventView {
  readonly exclude: EventFilter;
  readonly integers: IntegerForm;
}

/**
 * What an opened record says. Ours have heartbeats alone; AWS may put them beside events (wire format §4).
 * @template Integers what `view.integers` says
 */
export function openedItems<Integers extends IntegerForm>(
  record: StreamRecord,
  { version, inner }: OpenedRecord,
  view: EventView,
): (EventsItem<Integers> | HeartbeatItem)[] {
  const events = inner.databaseActivityEventList.filter((element) => !isHeartbeat(element));
  const { markers, ...told } = provenanceOf(inner, events.length);
  const place = { ...placeOf(record), version, instanceId: inner.instanceId, inner };
  const items: (EventsItem<Integers> | HeartbeatItem)[] = [];
  const heartbeats = inner.databaseActivityEventList.length - events.length;
  const hasEvents = events.length > 0 || heartbeats === 0;
  if (hasEvents) {
    const isKept = events.map((event) => !isExcluded(event, view.exclude));
    const kept = events.filter((_, index) => isKept[index]);
    const given = view.integers === "string" ? kept.map((event) => spellBigints(event)) : kept;
    items.push({
      kind: "events",
      ...place,
      ...told,
      events: given as readonly ActivityEvent<Integers>[],
      excluded: events.length - kept.length,
      ...(markers && { markers: markers.filter((_, index) => isKept[index]) }),
    });
  }
  // Provenance is about the record: of the two items of one, the first has it.
  if (heartbeats > 0) items.push({ kind: "heartbeat", ...place, ...(!hasEvents && told) });
  return items;
}

export function unreadableItem(record: StreamRecord, error: RecordError): UnreadableItem {
  return { kind: "unreadable", ...placeOf(record), code: error.code, reason: error.what, data: record.data };
}

function placeOf({ shardId, sequenceNumber, approximateArrivalTime }: StreamRecord): RecordPlace {
  return { shardId, sequenceNumber, approximateArrivalTime };
}

/** Everything else is an event, also what a later version may name differently: nothing is dropped. */
export function isHeartbeat(element: DatabaseActivityEvent | Heartbeat): element is Heartbeat {
  return element.type === "heartbeat";
}
