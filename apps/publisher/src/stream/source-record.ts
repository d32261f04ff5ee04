import {
  type DatabaseActivityEvent,
  type EventIdentity,
  eventIdentity,
  type Heartbeat,
  type InnerRecord,
  type Provenance,
  parseMarkers,
  provenanceSchema,
} from "@das/core";

/** What is kept of a record of a source while the place to resume from is looked for: no event, only its identity. */
export interface SourceRecord
  extends Pick<
    Provenance,
    | "source"
    | "generation"
    | "history"
    | "epoch"
    | "lane"
    | "sequence"
    | "watermark"
    | "behind"
    | "since"
    | "resumed"
    | "ledger"
    | "lanes"
  > {
  /** Milliseconds since 1970, by the clock of the stream. */
  readonly arrival: number;
  readonly identities: readonly EventIdentity[];
}

/**
 * @param isWanted events whose identity is not wanted are left out
 * @returns undefined when the record does not say, or not properly, who put it there
 */
export function sourceRecord(
  inner: InnerRecord,
  arrival: number,
  isWanted: (event: DatabaseActivityEvent) => boolean = () => true,
): SourceRecord | undefined {
  const provenance = provenanceSchema.safeParse(inner.provenance).data;
  const events = inner.databaseActivityEventList.filter(isEvent);
  const markers = provenance && markersOf(provenance, events.length);
  if (!markers) return undefined;
  const identities: EventIdentity[] = [];
  for (const [index, event] of events.entries()) {
    if (isWanted(event)) identities.push(eventIdentity(provenance.source, markers[index] ?? "", event));
  }
  const { source, generation, history, epoch, lane, sequence, watermark, behind, since, resumed, ledger, lanes } =
    provenance;
  return {
    ...{ source, generation, history, epoch, lane, sequence, watermark, behind, arrival, identities },
    ...(since !== undefined && { since }),
    ...(resumed !== undefined && { resumed }),
    ...(ledger !== undefined && { ledger }),
    ...(lanes !== undefined && { lanes }),
  };
}

function markersOf(provenance: Provenance, events: number): readonly (string | undefined)[] | undefined {
  try {
    const markers = parseMarkers(provenance.markers, events);
    return markers.length === events ? markers : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function isEvent(element: DatabaseActivityEvent | Heartbeat): element is DatabaseActivityEvent {
  return element.type === "record";
}
