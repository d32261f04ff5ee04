import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import type { NewRecord } from "./segment.ts";
import { ShardLog } from "./shard-log.ts";

const record = (arrival: number, text: string): NewRecord => ({
  arrival,
  encrypted: false,
  partitionKey: "ключ",
  data: Buffer.from(text),
});

const ALL = Number.MAX_SAFE_INTEGER;

const textsOf = (log: ShardLog, from = 0, count = ALL, bytes = ALL): string[] =>
  log.read(from, count, bytes).map(({ data }) => Buffer.from(data).toString());

test("records come back by position, with all that they were", () => {
  using directory = temporaryDirectory();
  const log = new ShardLog(directory.path);
  log.append([{ ...record(5, "a"), encrypted: true }, record(5, ""), record(9, "c")]);
  expect(log.end).toBe(3);
  expect(log.read(1, ALL, ALL)).toMatchObject([
    { position: 1, arrival: 5, encrypted: false, partitionKey: "ключ" },
    { position: 2, arrival: 9 },
  ]);
  expect(log.read(0, 1, ALL)[0]?.encrypted).toBe(true);
  expect([log.positionAt(0), log.positionAt(5), log.positionAt(6), log.positionAt(10)]).toEqual([0, 0, 2, 3]);
  log.close();
});

test("a limit of bytes ends a read before it is passed, but never before the first record", () => {
  using directory = temporaryDirectory();
  const log = new ShardLog(directory.path);
  // Each has 2 bytes of data and 8 of its key.
  log.append(["aa", "bb", "cc"].map((text) => record(1, text)));
  expect(textsOf(log, 0, ALL, 20)).toEqual(["aa", "bb"]);
  expect(textsOf(log, 0, ALL, 19)).toEqual(["aa"]);
  expect(textsOf(log, 0, ALL, 1)).toEqual(["aa"]);
  log.close();
});

test("whatever is appended is read again, over any number of files and restarts", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ append: fc.array(fc.string({ maxLength: 30 }), { maxLength: 5 }), later: fc.nat(5) }),
      fc.constant("restart" as const),
    ),
  );
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 4 }),
      (given, segmentBytes, page) => {
        using directory = temporaryDirectory();
        let log = new ShardLog(directory.path, segmentBytes);
        const expected: string[] = [];
        const arrivals: number[] = [];
        for (const step of given) {
          if (step === "restart") {
            log.close();
            log = new ShardLog(directory.path, segmentBytes);
            continue;
          }
          const arrival = (arrivals.at(-1) ?? 1_700_000_000_000) + step.later;
          log.append(step.append.map((text) => record(arrival, text)));
          expected.push(...step.append);
          arrivals.push(...step.append.map(() => arrival));
        }
        expect(log.end).toBe(expected.length);
        expect(log.lastArrival).toBe(arrivals.at(-1));
        const paged: string[] = [];
        while (paged.length < log.end) paged.push(...textsOf(log, paged.length, page));
        expect(paged).toEqual(expected);
        for (const time of new Set(arrivals)) {
          expect(log.positionAt(time)).toBe(arrivals.indexOf(time));
          expect(log.positionAt(time + 1)).toBe(arrivals.lastIndexOf(time) + 1);
        }
        log.close();
      },
    ),
  );
});

describe("trimming", () => {
  test("gives back whole files and keeps the positions of what is left, over a restart too", () => {
    using directory = temporaryDirectory();
    let log = new ShardLog(directory.path, 1);
    for (const [arrival, text] of [
      [10, "a"],
      [20, "b"],
      [30, "c"],
    ] as const)
      log.append([record(arrival, text)]);
    expect(readdirSync(directory.path)).toHaveLength(3);
    log.trim(21);
    expect(readdirSync(directory.path)).toHaveLength(1);
    log.close();
    log = new ShardLog(directory.path, 1);
    expect([log.end, log.positionAt(0)]).toEqual([3, 2]);
    expect(textsOf(log, 2)).toEqual(["c"]);
    log.trim(1_000);
    expect([log.end, log.positionAt(1_000)]).toEqual([3, 3]);
    log.close();
  });
});

describe("a file that a crash cut off", () => {
  const filled = (path: string): string => {
    const log = new ShardLog(path);
    log.append(["first", "second"].map((text) => record(1, text)));
    log.close();
    const [name = ""] = readdirSync(path);
    return join(path, name);
  };

  test("loses the record that is not whole, wherever it was cut, and goes on", () => {
    using directory = temporaryDirectory();
    const file = filled(directory.path);
    const whole = readFileSync(file);
    const firstLength = 8 + whole.readUInt32BE(0);
    for (let length = whole.length - 1; length >= 0; length -= 1) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      const log = new ShardLog(directory.path);
      expect([length, textsOf(log)]).toEqual([length, length >= firstLength ? ["first"] : []]);
      log.append([record(2, "third")]);
      log.close();
      const again = new ShardLog(directory.path);
      expect(textsOf(again).at(-1)).toBe("third");
      again.close();
    }
  });

  test("loses a last record of which a byte is not what was written", () => {
    using directory = temporaryDirectory();
    const file = filled(directory.path);
    const whole = readFileSync(file);
    for (let index = 8 + whole.readUInt32BE(0); index < whole.length; index += 1) {
      const damaged = Buffer.from(whole);
      damaged[index] = (whole[index] ?? 0) ^ 1;
      writeFileSync(file, damaged);
      const log = new ShardLog(directory.path);
      expect([index, textsOf(log)]).toEqual([index, ["first"]]);
      log.close();
    }
  });

  test("loses what was written in part behind the last record", () => {
    using directory = temporaryDirectory();
    const file = filled(directory.path);
    const { size } = statSync(file);
    appendFileSync(file, Buffer.alloc(100));
    const log = new ShardLog(directory.path);
    expect(textsOf(log)).toEqual(["first", "second"]);
    expect(statSync(file).size).toBe(size);
    log.close();
  });

  test("is refused when it is not the last one: records would be missing in the middle", () => {
    using directory = temporaryDirectory();
    const log = new ShardLog(directory.path, 1);
    for (const text of ["a", "b"]) log.append([record(1, text)]);
    log.close();
    const [oldest = ""] = readdirSync(directory.path).toSorted();
    truncateSync(join(directory.path, oldest), 10);
    expect(() => new ShardLog(directory.path)).toThrow(/is damaged at byte 0/);
  });
});
