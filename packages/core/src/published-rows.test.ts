import { expect, test } from "vitest";
import type { EventIdentity } from "./identity.ts";
import { PublishedRows } from "./published-rows.ts";

const identities = (...names: string[]) => new Set(names as EventIdentity[]);

test("is needed until every row was met", () => {
  const published = new PublishedRows(identities("a", "b"));
  expect(["x", "a", "y"].map((name) => published.meet(name as EventIdentity))).toEqual([false, true, false]);
  expect(published.isNeeded).toBe(true);
  expect(published.meet("b" as EventIdentity)).toBe(true);
  expect(published.isNeeded).toBe(false);
});

test("is not needed behind the end of the trail, nor when there is nothing in it", () => {
  const published = new PublishedRows(identities("a"));
  published.release();
  expect(published.isNeeded).toBe(false);
  expect(published.meet("a" as EventIdentity)).toBe(false);
  expect(new PublishedRows().isNeeded).toBe(false);
  expect(new PublishedRows(new Set()).isNeeded).toBe(false);
});
