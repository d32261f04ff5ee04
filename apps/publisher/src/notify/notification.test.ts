import { readFileSync } from "node:fs";
import { type LossWindow, lossNotice, type StreamNotice, streamEvent } from "@das/core";
import { expect, test } from "vitest";
import { type NotificationOrigin, notificationOf } from "./notification.ts";

const origin: NotificationOrigin = {
  resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  engine: "oracle",
  region: "eu-central-1",
  instance: "a",
};
const instance = { serverHost: "10.0.1.30", serverVersion: "v", serviceName: "s", databaseName: "ORCL" };
const keyOf = (source: string, notice: StreamNotice, by = "a") =>
  notificationOf({ ...origin, instance: by }, source, streamEvent("oracle", notice, instance)).key;

const stop: StreamNotice = {
  command: "STOP",
  cause: "by sa",
  startTime: "2026-01-01 00:00:00.000000+00",
  endTime: null,
};
const window: LossWindow = { cause: "purged", startTime: "2026-01-01 00:00:00.000000+00", endTime: null };

test("two publishers tell the same change under one key", () => {
  expect(keyOf("publisher:a", stop, "a")).toBe(keyOf("publisher:b", stop, "b"));
});

test("loss windows of two trails have two keys, those of one trail one", () => {
  const notice = lossNotice(window);
  expect(keyOf("oracle:1:X", notice)).not.toBe(keyOf("oracle:1:Y", notice));
  expect(keyOf("oracle:1:X#a", notice)).toBe(keyOf("oracle:1:X#b", notice));
});

test("the end of a window, and each wider end, is worth another notification of the same identity", () => {
  const ends = [null, "2026-01-01 00:10:00.000000+00", "2026-01-01 00:20:00.000000+00"];
  const told = ends.map((endTime) =>
    notificationOf(origin, "oracle:1:X", streamEvent("oracle", lossNotice({ ...window, endTime }), instance)),
  );
  expect(new Set(told.map(({ key }) => key)).size).toBe(3);
  expect(new Set(told.map(({ identity }) => identity)).size).toBe(1);
  // Keys are the values of a header.
  for (const { key } of told) expect(key).toMatch(/^[\w.:@+-]+$/);
});

test("the documented one has the members, the words and the key that are sent", () => {
  const page = readFileSync(new URL("../../../../docs/notifications.md", import.meta.url), "utf8");
  const documented = JSON.parse(/^```json\n(.*?)^```/ms.exec(page)?.[1] ?? "");
  const { errorMessage: cause, startTime, endTime } = documented;
  const notice: StreamNotice = { command: "POLICY DRIFT", cause, startTime, endTime };
  const event = streamEvent("sqlserver", notice, { ...instance, serverHost: documented.serverHost });
  const sent = notificationOf({ ...origin, engine: "sqlserver" }, documented.source, event);
  expect(JSON.stringify(sent)).toBe(JSON.stringify(documented));
  const rows = [...page.matchAll(/^\| `(.*?)` \| (.*?) \| (.*?) \| (.*?) \|$/gm)];
  expect(rows).toHaveLength(7);
  for (const [, command, title, eventId, category] of rows) {
    const other = streamEvent("oracle", { ...stop, command: command as StreamNotice["command"] }, instance);
    expect(notificationOf(origin, "publisher:a", other)).toMatchObject({ command, title, eventId, category });
  }
});
