import { ConfigurationError } from "@das/core";

/** The data of one Kinesis record as a Lambda function is given it. It may hold several records: `splitRecords`. */
export interface DeliveredData {
  /** Kinesis: the sequence number. Firehose: the record id, which the function's answer repeats. */
  readonly id: string;
  readonly data: Uint8Array;
}

/**
 * The records of a Lambda function's event, whether Kinesis (`Records[].kinesis.data`) or a Firehose transformation
 * (`records[].data`) invoked it (wire format §§9, 12).
 *
 * One delivery per element, always: an element without data gives empty data, and opening that says so.
 * @throws ConfigurationError when the event is neither
 */
export function deliveredData(event: unknown): DeliveredData[] {
  const members = event as { readonly Records?: unknown; readonly records?: unknown } | null | undefined;
  if (Array.isArray(members?.Records)) return members.Records.map(fromKinesis);
  if (Array.isArray(members?.records)) return members.records.map(fromFirehose);
  throw new ConfigurationError({
    who: "envelope",
    what: "the event has neither Records (Kinesis) nor records (Firehose)",
    remedy: "Let a Kinesis event source or a Firehose transformation invoke this function",
    code: "lambda-event",
  });
}

interface KinesisElement {
  readonly kinesis?: { readonly sequenceNumber?: unknown; readonly data?: unknown };
}

interface FirehoseElement {
  readonly recordId?: unknown;
  readonly data?: unknown;
}

function fromKinesis(element: KinesisElement | null): DeliveredData {
  return delivered(element?.kinesis?.sequenceNumber, element?.kinesis?.data);
}

function fromFirehose(element: FirehoseElement | null): DeliveredData {
  return delivered(element?.recordId, element?.data);
}

function delivered(id: unknown, data: unknown): DeliveredData {
  return { id: typeof id === "string" ? id : "", data: Buffer.from(typeof data === "string" ? data : "", "base64") };
}
