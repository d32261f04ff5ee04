import { gzipSync } from "node:zlib";
import { COMPRESSED_MAX_BYTES, type EngineTraits, RECORD_MAX_BYTES, RecordError } from "@das/core";
import type { DataKey } from "./data-key.ts";
import { encryptMessage } from "./encrypt-message.ts";
import { outerRecord } from "./outer-record.ts";

export interface SealedRecord {
  /** The data of one Kinesis record; its ArrayBuffer holds nothing else, so a worker may transfer it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the inner record after gzip, from which a packer learns how much fits. */
  readonly compressedBytes: number;
}

/** A record does not fit: split its list and seal the parts. */
export class RecordTooLargeError extends RecordError {
  /** Bytes of the inner record after gzip; the limit is COMPRESSED_MAX_BYTES. */
  readonly compressedBytes: number;

  constructor(compressedBytes: number, why: string) {
    super({
      who: "envelope",
      what: `a record is too large to be sealed: ${why}`,
      remedy: "Split its list of events and seal the parts",
      code: "record-too-large",
    });
    this.compressedBytes = compressedBytes;
  }
}

/**
 * Of lists of audit events level 3 makes 7 % less than level 1 for a few per cent more CPU time, which the records that
 * are saved pay back. Level 6 makes 20 % less than level 1, in twice the time.
 */
const COMPRESSION_LEVEL = 3;

/** gzip as every record has it. Node writes mtime 0 and no file name. */
export function compress(inner: Uint8Array | string): Buffer<ArrayBuffer> {
  return gzipSync(inner, { level: COMPRESSION_LEVEL });
}

/**
 * Seals one inner record: gzip, AWS Encryption SDK message, base64, outer record (wire format §§2–3).
 *
 * Holds no state and, except for the keyring's promise, runs synchronously: call it where the CPU is to be spent, in a
 * worker thread. Content key, message id and IVs are fresh for every call; only the data key is reused.
 * @param inner JSON as UTF-8, or as text without lone surrogates (JSON.stringify escapes them)
 * @param dataKey lent for this one call (`DataKeyLender`)
 * @param version of the outer record, `ENGINE_TRAITS[engine].recordVersion`
 * @throws RecordTooLargeError when gzip gives more than 700 KiB, or the outer record is more than 1 MiB
 * @throws UnavailableError when the data key has been given back
 */
export async function seal(
  inner: Uint8Array | string,
  dataKey: DataKey,
  version: EngineTraits["recordVersion"],
): Promise<SealedRecord> {
  if (typeof inner === "string" && !inner.isWellFormed()) {
    // UTF-8 cannot hold a lone surrogate: encoding would silently put U+FFFD into an audit record.
    throw new RecordError({
      who: "envelope",
      what: "the text of a record holds a lone surrogate, which UTF-8 cannot carry",
      remedy: "Write the record with stringifyExact or JSON.stringify, which escape it",
      code: "lone-surrogate",
    });
  }
  const compressed = compress(inner);
  const compressedBytes = compressed.byteLength;
  if (compressedBytes > COMPRESSED_MAX_BYTES) {
    throw new RecordTooLargeError(compressedBytes, `${compressedBytes} bytes gzip, at most ${COMPRESSED_MAX_BYTES}`);
  }
  const message = await encryptMessage(compressed, dataKey.plaintext);
  const bytes = outerRecord(message, dataKey.encrypted, version);
  if (bytes.byteLength > RECORD_MAX_BYTES) {
    throw new RecordTooLargeError(compressedBytes, `${bytes.byteLength} bytes, at most ${RECORD_MAX_BYTES}`);
  }
  return { bytes, compressedBytes };
}
