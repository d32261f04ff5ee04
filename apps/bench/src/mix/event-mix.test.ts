import type { ActivityEvent } from "@das/consumer";
import { auditNamed, filesOfAudit, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { AUDIT_NAME } from "@das/sqlserver-reader";
import { expect, test } from "vitest";
import { eventKey, rowKey } from "./event-key.ts";
import { preloadMix } from "./event-mix.ts";
import { readMix } from "./read-mix.ts";

const open = () => startSqlServerEmulator({ tls: "required", audits: { queueDelay: 0 } });
const addressOf = ({ host, port, user, password, ca = "" }: Awaited<ReturnType<typeof open>>) => ({
  host,
  port,
  user,
  password,
  ca,
});

test("the mix is the same whenever it is made, and begins the same however long it is", async () => {
  await using short = await open();
  await using long = await open();
  const rows = preloadMix(short, 1_500);
  expect(rows).toBeGreaterThanOrEqual(1_500);
  expect(preloadMix(long, 4_000)).toBeGreaterThanOrEqual(4_000);
  const sample = await readMix(addressOf(short), 1_500);
  expect(sample.withNativeFields).toHaveLength(1_500);
  expect(sample.withoutNativeFields).toHaveLength(1_500);
  expect((await readMix(addressOf(long), 1_500)).digest).toBe(sample.digest);
  expect((await readMix(addressOf(long), 1_499)).digest).not.toBe(sample.digest);
});

test("a row and the event that the reader makes of it have the same key, which no other has", async () => {
  await using emulator = await open();
  preloadMix(emulator, 3_000);
  const { trail } = emulator;
  const blocks = filesOfAudit(trail, auditNamed(trail, AUDIT_NAME)).flatMap((file) => file.blocks);
  const rowKeys = blocks.flatMap(({ rows }) => rows.map(rowKey));
  const eventKeys = (await readMix(addressOf(emulator), rowKeys.length)).withNativeFields.map((event) =>
    eventKey(event as ActivityEvent),
  );
  expect(eventKeys).toEqual(rowKeys);
  expect(new Set(rowKeys).size).toBe(rowKeys.length);
});
