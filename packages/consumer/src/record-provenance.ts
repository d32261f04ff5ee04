import { type InnerRecord, type Provenance, parseMarkers, provenanceSchema } from "@das/core";

/** What a record says of who put it there (architecture §5). Neither member: it says nothing, as on AWS's own streams. */
export interface RecordProvenance {
  readonly provenance?: Provenance;
  /** Why what it says cannot be used; holds nothing of its events. */
  readonly malformedProvenance?: string;
}

export interface MarkedProvenance extends RecordProvenance {
  /** Of each event, heartbeats not counted; undefined for an event that is not from a trail. */
  readonly markers?: readonly (string | undefined)[];
}

/**
 * Reads the member `provenance`, which nothing has checked yet.
 * @param events how many events the record holds, heartbeats not counted
 */
export function provenanceOf(inner: InnerRecord, events: number): MarkedProvenance {
  if (inner.provenance === undefined) return {};
  const parsed = provenanceSchema.safeParse(inner.provenance);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { malformedProvenance: `${issue?.path.join(".") || "provenance"}: ${issue?.message ?? "not an object"}` };
  }
  try {
    const markers = parseMarkers(parsed.data.markers, events);
    if (markers.length === events) return { provenance: parsed.data, markers };
    return { malformedProvenance: `markers: ${markers.length} for ${events} events` };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { malformedProvenance: `markers: ${error.message}` };
  }
}
