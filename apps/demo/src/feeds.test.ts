import { expect, test } from "vitest";
import { Feeds } from "./feeds.ts";

const TABLE = "oracle:1:A";

test("what came is ascribed to the publisher that says that it reads the source, in that history, also afterwards", () => {
  const feeds = new Feeds();
  feeds.arrived({ source: TABLE, history: "1" }, 3);
  expect([feeds.eventsOf("a"), feeds.isHeard("a")]).toEqual([0, false]);
  feeds.heard("a", [
    { id: TABLE, history: "1", state: "reading" },
    { id: `${TABLE}#a`, history: "0", state: "waiting" },
  ]);
  feeds.heard("b", [{ id: TABLE, history: "1", state: "waiting" }]);
  expect([feeds.eventsOf("a"), feeds.eventsOf("b"), feeds.isHeard("b")]).toEqual([3, 0, true]);
  expect([feeds.readBy("a"), feeds.readBy("b")]).toEqual([[TABLE], []]);

  feeds.arrived({ source: TABLE, history: "2" }, 5);
  feeds.heard("b", [{ id: TABLE, history: "2", state: "reading" }]);
  feeds.heard("a", []);
  expect([feeds.eventsOf("a"), feeds.eventsOf("b")]).toEqual([3, 5]);
  expect([feeds.readBy("a"), feeds.readBy("b")]).toEqual([[], [TABLE]]);
});
