import { describe, expect, test } from "vitest";
import type { RowKey } from "./key.ts";
import { KeyWindow } from "./key-window.ts";

const key = (name: string) => name as RowKey;

describe("the window of known keys", () => {
  test("counts rows with equal keys, and keeps what tells them apart", () => {
    const window = new KeyWindow();
    expect(window.count(key("a"))).toBe(0);
    window.add(key("a"), 5, ["x"]);
    window.add(key("a"), 5, ["y"]);
    expect([window.count(key("a")), window.contents(key("a"))]).toEqual([2, ["x", "y"]]);
  });

  test("knows which rows of a slice are gone", () => {
    const window = new KeyWindow();
    window.add(key("a"), 5, ["x", "y"]);
    window.add(key("b"), 6, ["x"]);
    window.add(key("c"), 10, ["x"]);
    const seen = new Map([
      [key("a"), 1],
      [key("b"), 1],
    ]);
    expect(window.missingFrom(seen, 5, 10)).toEqual([[key("a"), 5]]);
    window.forget(key("a"));
    expect(window.missingFrom(seen, 5, 10)).toEqual([]);
    expect(window.missingFrom(new Map(), 0, 11).map(([name]) => name)).toEqual(["b", "c"]);
  });

  test("forgets what no read comes back to, and keeps late entries until what is older is gone", () => {
    const window = new KeyWindow();
    for (const [name, time] of [
      ["a", 1],
      ["b", 2],
      ["c", 5],
      ["late", 3],
    ] as const) {
      window.add(key(name), time, ["x"]);
    }
    window.evictBefore(4);
    expect([window.size, window.count(key("late")), window.count(key("b"))]).toEqual([2, 1, 0]);
    window.evictBefore(6);
    expect(window.size).toBe(0);
  });
});
