export { type DecodedMessage, decodeMessage } from "./decode-message.ts";
export { decodeOuterRecord } from "./decode-outer-record.ts";
