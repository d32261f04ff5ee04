/** Member `type` of the outer record (wire format §2): plural; that of the inner record is singular. */
export const OUTER_TYPE = "DatabaseActivityMonitoringRecords";

/**
 * The outer record as compact JSON, members in the captured order (wire format §2).
 *
 * Written into place: JSON.stringify would look through all the base64 for characters to escape, which costs a third of
 * what encrypting it does.
 * @param key base64
 */
export function outerRecord(message: Buffer, key: string, version: string): Uint8Array<ArrayBuffer> {
  const head = `{"type":"${OUTER_TYPE}","version":${JSON.stringify(version)},"databaseActivityEvents":"`;
  const events = message.toString("base64");
  const tail = `","key":${JSON.stringify(key)}}`;
  // Not from Node's pool: the buffer must be the record's own.
  const bytes = Buffer.allocUnsafeSlow(head.length + events.length + tail.length);
  let position = 0;
  // All ASCII: one byte a character.
  for (const part of [head, events, tail]) position += bytes.write(part, position, "latin1");
  return bytes;
}
