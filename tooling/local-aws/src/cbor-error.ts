import type { AwsError } from "./aws-error.ts";

/**
 * An error in CBOR (RFC 8949): the one thing that this server says in it, so that clients which speak nothing else can
 * show why they are refused. A map of two texts.
 */
export function encodeCborError(error: AwsError): Buffer {
  return Buffer.concat([
    Buffer.of(0xa2),
    ...["__type", error.type, "message", error.message].flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(3, 0x79); // major type 3, text, with its length in the next two bytes
      length.writeUInt16BE(bytes.length, 1);
      return [length, bytes];
    }),
  ]);
}
