import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { Feeds } from "./feeds.ts";
import { LiveView, type SeenLine, type ViewOutput } from "./live-view.ts";
import { Tally } from "./tally.ts";

interface Screen extends ViewOutput {
  readonly written: string[];
}

function screen(size: Partial<ViewOutput> = {}): Screen {
  const written: string[] = [];
  return { isTTY: true, rows: 30, columns: 110, ...size, written, write: (text) => written.push(text) };
}

/** Its instance a is primary, its b what is said. */
function seenLine(label: string, roleOfB: string, pidOfB: number | undefined): SeenLine {
  const feeds = new Feeds();
  feeds.heard("a", [{ id: "trail", history: "", state: "reading" }]);
  feeds.heard("b", [{ id: "trail#b", history: "", state: "reading" }]);
  const tally = new Tally();
  tally.arrived("one");
  return {
    database: {
      label,
      instances: ["a", "b"].map((id) => ({ id, name: `${label.slice(0, 3)}-${id}`, connection: "", ca: "" })),
      primaryId: "a",
      roleOf: (id) => (id === "a" ? "primary" : roleOfB),
      isOfPrimary: (source) => source === "trail",
      audited: () => 1_500,
    },
    streamName: `stream-of-${label}`,
    publishers: [
      { instanceId: "a", pid: 101 },
      { instanceId: "b", pid: pidOfB },
    ],
    arrivals: {
      tally,
      feeds,
      lags: [100, 300, 2_000],
      lines: [`event of ${label}`.padEnd(300, ".")],
      duplicatesDropped: 3,
    },
  };
}

const LINES = [seenLine("SQL Server", "down", 102), seenLine("Oracle", "standby", undefined)];
const STORY = { lines: Array.from({ length: 20 }, (_, index) => `happened ${index}`) };

/** What a terminal shows: its lines without colours and movements. */
function picture(text: string): string[] {
  return stripVTControlCharacters(text.replaceAll("\r", "")).trimEnd().split("\n");
}

test("shows each instance with its role, its publisher and what that reads", () => {
  const output = screen();
  using view = new LiveView(output, LINES, STORY, () => "5 s left");
  view.draw();
  const lines = picture(output.written[0] ?? "");
  expect(lines).toContainEqual(expect.stringMatching(/^SQL Server ─▶ stream stream-of-SQL Server$/));
  expect(lines).toContainEqual(
    expect.stringMatching(/SQL-a +primary +─▶ publisher 101 +reads the primary's trail ─▶ +0\/s/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/SQL-b +down +─▶ publisher 102 +waits for its instance +─▶/));
  expect(lines).toContainEqual(expect.stringMatching(/Ora-b +standby +─▶ publisher killed +─▶/));
  expect(lines).toContainEqual(expect.stringMatching(/^audited +3,000 +on the stream +2 +doubles dropped +6/));
  expect(lines).toContainEqual(expect.stringMatching(/^lag median +0\.30 s +longest +2\.00 s/));
  expect(lines.at(-2)).toBe("happened 19");
  expect(lines.at(-1)).toBe("5 s left");
});

test.each([
  [24, 80],
  [12, 40],
  [60, 200],
])("fits a terminal of %i lines and %i columns, and draws over what it drew", (rows, columns) => {
  const output = screen({ rows, columns });
  using view = new LiveView(output, LINES, STORY, () => "5 s left");
  view.draw();
  view.draw();
  const [first = "", second = ""] = output.written;
  const lines = picture(first);
  expect(lines.length).toBeLessThan(rows);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  expect(second).toBe(`\u001b[${first.split("\n").length - 1}A${first}`);
});

test("a terminal that does not know its size is taken for a usual one", () => {
  const output = screen({ rows: 0, columns: 0 });
  using view = new LiveView(output, LINES, STORY, () => "5 s left");
  view.draw();
  expect(picture(output.written[0] ?? "").at(-1)).toBe("5 s left");
});

test("what is no terminal gets one plain line", () => {
  const output = screen({ isTTY: false });
  using view = new LiveView(output, LINES, STORY, () => "5 s left");
  view.draw();
  expect(output.written).toEqual(["audited 3000  on the stream 2  dropped 6  rate 0/s  lag 0.30 s  5 s left\n"]);
});
