import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JoinedEvent, StatementJoiner } from "./join-statements.ts";

interface TestEvent {
  readonly serverType: string;
  readonly serverHost: string;
  readonly statementId: string | null;
  readonly substatementId: number;
  readonly logTime: string;
  readonly command: string;
  readonly sessionId: number | bigint;
  readonly transactionId: string;
  readonly commandText: string;
  readonly engineNativeAuditFields?: { readonly additional_information: string; readonly host_name: string };
}

const ZERO_ID = `0x${"0".repeat(32)}`;

function piece(commandText: string, substatementId: number, more: Partial<TestEvent> = {}): TestEvent {
  return {
    serverType: "SQLSERVER",
    serverHost: "10.0.1.30",
    statementId: "0x38eaf4156267184094bb82071aaab644",
    substatementId,
    logTime: "2022-10-06 21:34:42.7113072+00",
    command: "SELECT",
    sessionId: 51,
    transactionId: "0",
    commandText,
    ...more,
  };
}

function pushAll(joiner: StatementJoiner<TestEvent>, events: readonly TestEvent[]): JoinedEvent<TestEvent>[] {
  return events.flatMap((event) => joiner.push(event));
}

describe("joining", () => {
  test("a whole event passes at once, as it is", () => {
    const event = piece("SELECT 1", 1);
    const [given, ...rest] = new StatementJoiner().push(event);
    expect(rest).toEqual([]);
    expect(given).toEqual({ event, pieces: 1, complete: true });
    expect(given?.event).toBe(event);
  });

  test("pieces of 4000 are joined as soon as a shorter one comes", () => {
    const joiner = new StatementJoiner<TestEvent>();
    const text = `${"x".repeat(4_000)}${"y".repeat(4_000)}z`;
    expect(joiner.push(piece(text.slice(0, 4_000), 1))).toEqual([]);
    expect(joiner.push(piece(text.slice(4_000, 8_000), 2))).toEqual([]);
    expect(joiner.push(piece("z", 3))).toEqual([{ event: piece(text, 1), pieces: 3, complete: true }]);
    expect(joiner.flush()).toEqual([]);
  });

  test("a surrogate pair that was cut in two is whole again", () => {
    const joiner = new StatementJoiner<TestEvent>();
    const text = `${"x".repeat(3_999)}😀 and more`;
    const given = pushAll(joiner, [piece(text.slice(0, 4_000), 1), piece(text.slice(4_000), 2)]);
    expect(given.map(({ event }) => event.commandText)).toEqual([text]);
    expect(given[0]?.event.commandText.isWellFormed()).toBe(true);
  });

  test("additional_information is joined by itself, repeated or left empty in further rows when it is shorter", () => {
    const native = (additional_information: string) => ({
      engineNativeAuditFields: { additional_information, host_name: "DB" },
    });
    const long = "s".repeat(4_000);
    for (const rest of ["<stack/>", ""]) {
      const joiner = new StatementJoiner<TestEvent>();
      const given = pushAll(joiner, [
        piece(long, 1, native("<stack/>")),
        piece(long, 2, native(rest)),
        piece("s", 3, native(rest)),
      ]);
      expect(given).toEqual([{ event: piece(`${long}${long}s`, 1, native("<stack/>")), pieces: 3, complete: true }]);
    }
    for (const rest of ["EXECUTE p", ""]) {
      const joiner = new StatementJoiner<TestEvent>();
      const given = pushAll(joiner, [piece("EXECUTE p", 1, native("i".repeat(4_000))), piece(rest, 2, native("i"))]);
      expect(given).toEqual([{ event: piece("EXECUTE p", 1, native("i".repeat(4_001))), pieces: 2, complete: true }]);
    }
  });

  test("statements without an id of their own are told apart by the other fields, and by a new beginning", () => {
    const joiner = new StatementJoiner<TestEvent>();
    const long = "s".repeat(4_000);
    const given = pushAll(joiner, [
      piece(long, 1, { statementId: ZERO_ID, sessionId: 1 }),
      piece(long, 1, { statementId: null, sessionId: 2 }),
      piece("one", 2, { statementId: ZERO_ID, sessionId: 1 }),
      piece("two", 2, { statementId: ZERO_ID, sessionId: 2 }),
      piece(long, 1, { statementId: ZERO_ID, sessionId: 1 }),
      piece(`${long}-`, 1, { statementId: ZERO_ID, sessionId: 1 }),
    ]);
    expect(given.map(({ event, pieces, complete }) => [event.commandText.slice(4_000), pieces, complete])).toEqual([
      ["one", 2, true],
      ["two", 2, true],
      ["", 1, false],
    ]);
  });

  test("a piece that fits nowhere is given out by itself, and so is a duplicate", () => {
    const joiner = new StatementJoiner<TestEvent>();
    const long = "s".repeat(4_000);
    expect(joiner.push(piece("orphan", 2))).toEqual([{ event: piece("orphan", 2), pieces: 1, complete: false }]);
    expect(joiner.push(piece(long, 1))).toEqual([]);
    expect(joiner.push(piece(long, 2))).toEqual([]);
    expect(joiner.push(piece(long, 2))).toEqual([{ event: piece(long, 2), pieces: 1, complete: false }]);
    expect(joiner.push(piece("gap", 4))).toEqual([{ event: piece("gap", 4), pieces: 1, complete: false }]);
    expect(joiner.push(piece("end", 3))).toEqual([{ event: piece(`${long}${long}end`, 1), pieces: 3, complete: true }]);
  });

  test("events of other engines, and what is no piece, pass as they are", () => {
    const long = "s".repeat(4_000);
    const joiner = new StatementJoiner<Parameters<StatementJoiner<object>["push"]>[0]>();
    for (const event of [
      { serverType: "ORACLE", substatementId: null, commandText: long },
      { ...piece(long, 1), substatementId: null },
      { ...piece(long, 1), substatementId: 0 },
      { ...piece(long, 1), commandText: null },
      {},
    ]) {
      expect(joiner.push(event)).toEqual([{ event, pieces: 1, complete: true }]);
    }
    expect(joiner.flush()).toEqual([]);
  });
});

describe("waiting", () => {
  const long = "s".repeat(4_000);

  test("flushIdle gives out what got no piece since the call before", () => {
    const joiner = new StatementJoiner<TestEvent>();
    pushAll(joiner, [piece(long, 1, { sessionId: 1 }), piece(long, 1, { sessionId: 2 })]);
    expect(joiner.flushIdle()).toEqual([]);
    joiner.push(piece(long, 2, { sessionId: 2 }));
    expect(joiner.flushIdle()).toEqual([{ event: piece(long, 1, { sessionId: 1 }), pieces: 1, complete: false }]);
    expect(joiner.flushIdle()).toEqual([
      { event: piece(long + long, 1, { sessionId: 2 }), pieces: 2, complete: false },
    ]);
    expect(joiner.flushIdle()).toEqual([]);
  });

  test("is bounded in number and in length: whoever waits longest is given out", () => {
    const byNumber = new StatementJoiner<TestEvent>({ maxWaiting: 2 });
    const sessionsOf = (given: readonly JoinedEvent<TestEvent>[]) => given.map(({ event }) => event.sessionId);
    pushAll(byNumber, [
      piece(long, 1, { sessionId: 1 }),
      piece(long, 1, { sessionId: 2 }),
      piece(long, 2, { sessionId: 1 }),
    ]);
    expect(sessionsOf(byNumber.push(piece(long, 1, { sessionId: 3 })))).toEqual([2]);
    expect(sessionsOf(byNumber.flush())).toEqual([1, 3]);

    const byLength = new StatementJoiner<TestEvent>({ maxWaitingLength: 10_000 });
    pushAll(byLength, [piece(long, 1, { sessionId: 1 }), piece(long, 1, { sessionId: 2 })]);
    expect(sessionsOf(byLength.push(piece(long, 2, { sessionId: 1 })))).toEqual([2]);
    const given = byLength.push(piece(long, 3, { sessionId: 1 }));
    expect(given.map(({ event, pieces }) => [event.commandText.length, pieces])).toEqual([[12_000, 3]]);
    expect(byLength.flush()).toEqual([]);
  });
});

/** Any text, cut anywhere: also inside surrogate pairs, and with lone surrogates. */
const cutText = fc
  .tuple(
    fc.oneof(fc.string({ unit: "binary", minLength: 1 }), fc.stringMatching(/^(😀|x|\ud83d){1,20}$/u)),
    fc.array(fc.nat(100), { maxLength: 6 }),
  )
  .map(([text, cuts]) => {
    const places = [0, ...new Set(cuts.map((cut) => cut % text.length).filter((cut) => cut > 0)), text.length];
    places.sort((a, b) => a - b);
    return places.slice(1).map((end, index) => text.slice(places[index], end));
  });

/** Which of the statements' next pieces comes next. */
const interleaving = fc.infiniteStream(fc.nat());

function interleave<Item>(queues: readonly (readonly Item[])[], picks: Iterator<number>): Item[] {
  const left = queues.map((queue) => [...queue]);
  const items: Item[] = [];
  for (;;) {
    const open = left.filter((queue) => queue.length > 0);
    if (open.length === 0) return items;
    const item = open[(picks.next().value ?? 0) % open.length]?.shift();
    if (item !== undefined) items.push(item);
  }
}

describe("properties", () => {
  test("any texts, cut anywhere and interleaved, come back exact on flush", () => {
    fc.assert(
      fc.property(fc.array(cutText, { maxLength: 8 }), interleaving, (texts, picks) => {
        const statements = texts.map((pieces, session) =>
          pieces.map((text, index) => piece(text, index + 1, { sessionId: session })),
        );
        // With a length of 1 no piece is short: the end of a text is not seen but told by flush.
        const joiner = new StatementJoiner<TestEvent>({ pieceLength: 1 });
        const given = [...pushAll(joiner, interleave(statements, picks)), ...joiner.flush()];
        const joinedTexts = given.toSorted((a, b) => Number(a.event.sessionId) - Number(b.event.sessionId));
        expect(joinedTexts.map(({ event }) => event.commandText)).toEqual(texts.map((pieces) => pieces.join("")));
        expect(joinedTexts.map(({ pieces }) => pieces)).toEqual(texts.map((pieces) => pieces.length));
      }),
      { numRuns: 500 },
    );
  });

  test("texts cut as SQL Server cuts them come back complete, both texts of a row, without a flush", () => {
    const cut = (text: string, length: number) =>
      Array.from({ length: Math.max(1, Math.ceil((text.length + 1) / length)) }, (_, index) =>
        text.slice(index * length, (index + 1) * length),
      );
    const text = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ text, information: text, repeats: fc.boolean() }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        interleaving,
        (rows, pieceLength, picks) => {
          const statements = rows.map(({ text: statement, information, repeats }, session) => {
            const texts = cut(statement, pieceLength);
            const informations = cut(information, pieceLength);
            return Array.from({ length: Math.max(texts.length, informations.length) }, (_, index) =>
              piece(texts[index] ?? (repeats ? (texts.at(-1) ?? "") : ""), index + 1, {
                sessionId: session,
                engineNativeAuditFields: {
                  additional_information: informations[index] ?? (repeats ? (informations.at(-1) ?? "") : ""),
                  host_name: "DB",
                },
              }),
            );
          });
          const joiner = new StatementJoiner<TestEvent>({ pieceLength });
          const given = pushAll(joiner, interleave(statements, picks));
          expect(joiner.flush()).toEqual([]);
          given.sort((a, b) => Number(a.event.sessionId) - Number(b.event.sessionId));
          expect(
            given.map(({ event, complete }) => ({
              text: event.commandText,
              information: event.engineNativeAuditFields?.additional_information,
              complete,
            })),
          ).toEqual(rows.map(({ text: statement, information }) => ({ text: statement, information, complete: true })));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("whatever comes in goes out once, in whatever order and however little may wait", () => {
    const anyPiece = fc.record({
      number: fc.integer({ min: 1, max: 4 }),
      session: fc.nat(2),
      length: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyPiece, fc.constant("idle" as const)), { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 12 }),
        (steps, maxWaiting, maxWaitingLength) => {
          const joiner = new StatementJoiner<TestEvent>({ pieceLength: 3, maxWaiting, maxWaitingLength });
          const put: string[] = [];
          const given: JoinedEvent<TestEvent>[] = [];
          for (const [index, step] of steps.entries()) {
            if (step === "idle") {
              given.push(...joiner.flushIdle());
              continue;
            }
            // Every piece is unlike all others, so that it can be found again: a letter of its own, repeated.
            const text = String.fromCodePoint(0x4e00 + index).repeat(step.length);
            put.push(text);
            given.push(...joiner.push(piece(text, step.number, { sessionId: step.session })));
          }
          given.push(...joiner.flush());
          const out = given.map(({ event }) => event.commandText).join("");
          expect([...out].sort()).toEqual([...put.join("")].sort());
          expect(given.reduce((sum, { pieces }) => sum + pieces, 0)).toBe(put.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});
