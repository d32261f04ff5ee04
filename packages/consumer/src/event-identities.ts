import { type DatabaseActivityEvent, type EventIdentity, eventIdentity } from "@das/core";
import type { IntegerForm } from "./activity-event.ts";
import type { EventsItem } from "./stream-item.ts";

/**
 * The identity of each event of the record, in the order of `item.events`: two events with the same identity are one
 * event, whoever published it and from whichever source of its trail. A hash an event, so ask only if you need it.
 * @returns undefined when the record has no provenance: AWS's own streams
 */
export function identitiesOf<Integers extends IntegerForm>(
  item: EventsItem<Integers>,
): readonly EventIdentity[] | undefined {
  const { provenance, markers, events } = item;
  if (!provenance || !markers) return undefined;
  return events.map((event, index) =>
    // Integers enter as their digits, so it makes no difference how they are given.
    eventIdentity(provenance.source, markers[index] ?? "", event as DatabaseActivityEvent),
  );
}
