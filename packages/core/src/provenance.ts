import { z } from "zod";

/**
 * Who put a record on the stream, and what was on it by then: one more member of the inner record, which consumers of
 * AWS's format ignore (wire format §13). It makes the stream its own checkpoint (architecture §5).
 */

const sequence = z.int().min(-1);

/** What the publisher of one instance says of a source in its own heartbeat. */
const heldSourceSchema = z.looseObject({
  id: z.string(),
  history: z.string(),
  /** `reading`: rows come from here. `waiting`: another publisher reads it, or its database cannot be reached. */
  state: z.enum(["reading", "waiting"]),
});

export const provenanceSchema = z
  .looseObject({
    /** The life of the stream between two starts; what another one says does not count. */
    generation: z.int().min(0),
    source: z.string(),
    /** The life of the trail between two role changes. */
    history: z.string(),
    /** The name of one run of the source's publishing. */
    epoch: z.string(),
    lane: z.int().min(0),
    /** Number of the record in its epoch and lane, from 0 without holes. */
    sequence: z.int().min(0),
    /** The sequence of its lane up to which everything was acknowledged when it was sealed; -1: nothing. */
    acked: sequence,
    /** Every row of the source before it was acknowledged before this record was put; null: no place is known yet. */
    watermark: z.string().nullable(),
    /** By lane: no row from behind the watermark is in an earlier record of this epoch. */
    behind: z.array(z.int().min(0)),
    /**
     * While the epoch may not have passed what earlier ones put from behind the watermark: their records arrived from this
     * moment on, in milliseconds since 1970 by the clock of the stream.
     */
    since: z.int().min(0).optional(),
    /** The first record of an epoch: the watermark that was found on the stream. */
    resumed: z.string().optional(),
    /** The place was not found on the stream: what is in this record may be on it already. */
    repeat: z.literal(true).optional(),
    /** Heartbeats: what `AuditSource.ledger` said. */
    ledger: z.string().optional(),
    /** Heartbeats of a source with several lanes: `acked` of each. */
    lanes: z.array(sequence).optional(),
    /** A publisher's own source: the revision of the stream's state that it goes by; absent when nothing was started. */
    revision: z.int().min(0).optional(),
    /** The last heartbeat of a publisher whose stream is being stopped: all that belongs on the stream is there. */
    last: z.literal(true).optional(),
    /** Heartbeats of a publisher's own source. */
    sources: z.array(heldSourceSchema).optional(),
    /** One marker an event, in order (`parseMarkers`); empty in a heartbeat. */
    markers: z.string(),
  })
  .meta({ id: "Provenance" });

export type HeldSource = z.infer<typeof heldSourceSchema>;
export type Provenance = z.infer<typeof provenanceSchema>;

/** The source that a publisher has beside the trails: its heartbeats say that it lives, and what it holds. */
export function publisherSourceId(instanceId: string): string {
  return `publisher:${instanceId}`;
}

/** The partition key of a lane: it tells, without opening a record, which source it is of. */
export function partitionKeyOf(sourceId: string, lane: number, lanes: number): string {
  return lanes === 1 ? sourceId : `${sourceId}/${lane}`;
}

/** Whether a record with this partition key may be one of the source, with however many lanes it was put. */
export function isPartitionKeyOf(sourceId: string, partitionKey: string): boolean {
  if (!partitionKey.startsWith(sourceId)) return false;
  return /^(\/\d+)?$/.test(partitionKey.slice(sourceId.length));
}
