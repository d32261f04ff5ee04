/**
 * What sealing costs in CPU time (all threads of the process), against the floor that nobody who sends compressed,
 * encrypted JSON can go below: JSON.stringify, gzip level 1 and AES-256-GCM of the same lists.
 *
 *     pnpm --filter @das/envelope bench
 *
 * The variants take turns in short rounds, and the median round counts: so a busy neighbour slows all of them alike.
 */
import { createCipheriv, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AlgorithmSuiteIdentifier, CommitmentPolicy } from "@aws-crypto/material-management-node";
import { FRAME_LENGTH } from "../src/encrypt-message.ts";
import { open, seal } from "../src/index.ts";
import { outerRecord } from "../src/outer-record.ts";
import { wrappingKeyring } from "../src/wrapping-keyring.ts";
import { always, newDataKey } from "../test/keys.ts";
import { syntheticRecord } from "./synthetic-record.ts";

const ROUNDS = 15;
const ROUND_MICROSECONDS = 80_000;

const dataKey = newDataKey();
const keys = always(dataKey);
const { encrypt } = buildEncrypt(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
const sdkOptions = {
  suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA256,
  frameLength: FRAME_LENGTH,
  encryptionContext: {},
};

function compress(record: object): Buffer {
  return gzipSync(JSON.stringify(record), { level: 1 });
}

function floor(record: object): void {
  const cipher = createCipheriv("aes-256-gcm", dataKey.plaintext, randomBytes(12));
  cipher.update(compress(record));
  cipher.final();
  cipher.getAuthTag();
}

async function sealWithSdkEncrypt(record: object): Promise<Uint8Array> {
  const { result } = await encrypt(wrappingKeyring(dataKey.plaintext), compress(record), sdkOptions);
  return outerRecord(result, dataKey.encrypted, "1.4");
}

async function cpuMicroseconds<Item>(items: readonly Item[], work: (item: Item) => unknown): Promise<number> {
  const start = process.cpuUsage();
  for (let count = 0; ; ) {
    for (const item of items) await work(item);
    count += items.length;
    const { user, system } = process.cpuUsage(start);
    if (user + system > ROUND_MICROSECONDS) return (user + system) / count;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

for (const events of [1, 10, 100, 500]) {
  const records = Array.from({ length: 4 }, (_, index) => syntheticRecord(events, index + 1));
  const sealed = await Promise.all(records.map((record) => seal(JSON.stringify(record), dataKey, "1.4")));
  const variants = {
    floor: () => cpuMicroseconds(records, floor),
    "stringify + seal()": () => cpuMicroseconds(records, (record) => seal(JSON.stringify(record), dataKey, "1.4")),
    "stringify + gzip + SDK encrypt()": () => cpuMicroseconds(records, sealWithSdkEncrypt),
    "open()": () => cpuMicroseconds(sealed, ({ bytes }) => open(bytes, keys)),
  };
  const times = Object.entries(variants).map(([name, round]) => ({ name, round, measured: [] as number[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const variant of times) variant.measured.push(await variant.round());
  }
  const jsonBytes = median(records.map((record) => JSON.stringify(record).length));
  const compressedBytes = median(sealed.map((record) => record.compressedBytes));
  process.stdout.write(`${events} events a record: ${jsonBytes} bytes JSON, ${compressedBytes} bytes gzip\n`);
  const base = median(times[0]?.measured ?? []);
  for (const { name, measured } of times) {
    const time = median(measured);
    process.stdout.write(
      `  ${name.padEnd(34)}${time.toFixed(0).padStart(6)} µs${(time / base).toFixed(2).padStart(7)} ×\n`,
    );
  }
}
