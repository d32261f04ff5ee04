import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FilePosition } from "./cursor.ts";
import { FileTail, type TailSink } from "./file-tail.ts";
import { markerOf, type SqlServerRow, type SqlValue, type TrailDescription } from "./row.ts";

const trail: TrailDescription = {
  columns: ["das_event_time", "audit_file_offset", "statement"].map((name) => ({ name, kind: "text" })),
  actionNames: new Map(),
  classNames: new Map(),
};

const start: FilePosition = {
  turn: 0,
  directory: "D:\\das\\",
  fileTime: 133_765_432_109_876_543n,
  previousOffset: null,
  lastOffset: null,
  rowsInLast: 0,
  digest: "",
  lastEvent: null,
};

/** A file as blocks of statements; block n has offset 5632 + 1024 n. */
type File = readonly (readonly string[])[];

function valuesOf(file: File, from: bigint | null, inclusive: boolean): SqlValue[][] {
  return file.flatMap((block, index) => {
    const offset = BigInt(5_632 + 1_024 * index);
    if (from !== null && (offset < from || (offset === from && !inclusive))) return [];
    return block.map((statement) => ["2026-01-01 00:00:00.0000000", String(offset), statement]);
  });
}

function read(file: File, position: FilePosition, inclusive: boolean) {
  const tail = new FileTail(position, trail);
  const rows: SqlServerRow[] = [];
  const sink: TailSink = {
    before: () => undefined,
    add: (row) => void rows.push(row),
  };
  for (const values of valuesOf(file, position.previousOffset, inclusive)) tail.accept(values, sink);
  tail.end(sink);
  return { rows, position: tail.position(), anomalies: tail.anomalies };
}

const statements = (rows: readonly SqlServerRow[]) => rows.map((row) => row.values[2]);

describe("the tail of a file", () => {
  test("gives each row once, whatever the offset means and while the last block grows", () => {
    const growth = fc.array(fc.record({ rows: fc.integer({ min: 0, max: 5 }), sameBlock: fc.boolean() }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(growth, fc.boolean(), (steps, inclusive) => {
        const file: string[][] = [];
        const seen: SqlServerRow[] = [];
        let position = start;
        let count = 0;
        for (const { rows, sameBlock } of steps) {
          for (let n = 0; n < rows; n += 1) {
            const last = file.at(-1);
            if (sameBlock && last) last.push(`statement ${count}`);
            else if (n === 0 || !last) file.push([`statement ${count}`]);
            else last.push(`statement ${count}`);
            count += 1;
          }
          const result = read(file, position, inclusive);
          expect(result.anomalies).toBe(0);
          seen.push(...result.rows);
          position = result.position;
        }
        expect(statements(seen)).toEqual(Array.from({ length: count }, (_, n) => `statement ${n}`));
        expect(new Set(seen.map(markerOf)).size).toBe(count);
      }),
    );
  });

  test("gives a block out again when it is not what it was", () => {
    const { position } = read([["a"], ["b", "c"]], start, false);
    const changed = read([["a"], ["b", "changed", "d"]], position, false);
    expect(statements(changed.rows)).toEqual(["b", "changed", "d"]);
    expect(changed.anomalies).toBe(1);
  });

  test("gives a block out again when it has fewer rows than it had", () => {
    const { position } = read([["a"], ["b", "c"]], start, false);
    expect(statements(read([["a"], ["b"]], position, false).rows)).toEqual(["b"]);
    expect(statements(read([["a"], ["b"], ["d"]], position, false).rows)).toEqual(["b", "d"]);
    expect(read([["a"]], position, false)).toMatchObject({ rows: [], anomalies: 1 });
  });

  test("says nothing wrong about a read that was cancelled", () => {
    const { position } = read([["a"], ["b", "c"]], start, false);
    const tail = new FileTail(position, trail);
    expect(tail.anomalies).toBe(0);
    expect(tail.position()).toEqual(position);
  });

  test("a row's marker is its file, block and place in it", () => {
    const { rows } = read([["a"], ["b", "c"]], start, false);
    expect(rows.map(markerOf)).toEqual([
      "133765432109876543:5632:0",
      "133765432109876543:6656:0",
      "133765432109876543:6656:1",
    ]);
  });
});
