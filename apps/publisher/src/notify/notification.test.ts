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
