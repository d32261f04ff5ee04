import fc from "fast-check";
import { expect, test } from "vitest";
import { OracleError } from "../src/oracle-error.ts";
import {
  add,
  canonicalNumber,
  compareNumbers,
  divide,
  type ExactNumber,
  modulo,
  multiply,
  numberText,
} from "../src/sql/exact-number.ts";
import { readTime } from "../src/sql/read-time.ts";
import { formatTime } from "../src/sql/time-format.ts";
import { fromZone, toZone } from "../src/sql/time-zone.ts";
import { openDatabase } from "./evaluate.ts";

const WORDS =
  "SELECT FROM WHERE GROUP BY ORDER HAVING UNION ALL MINUS DISTINCT CASE WHEN THEN ELSE END AND OR NOT IN LIKE BETWEEN IS NULL CAST AS TIMESTAMP DATE INTERVAL AT LOCAL FETCH FIRST ROWS ONLY JOIN LEFT ON dual sys.v_$database audsys.aud$unified t x 'it''s' q'[a]' \"a\" :a :1 1 2.5 .5 , ; . ( ) * = <> + - / || := => .. (+) BEGIN DECLARE IF LOOP FOR EXCEPTION RAISE RETURN PLS_INTEGER CREATE AUDIT POLICY ACTIONS GRANT READ TO ALTER SESSION SET INSERT INTO VALUES DELETE UPDATE COUNT(*) TO_CHAR( SYSDATE ROWNUM -- /*".split(
    " ",
  );

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 30 }).map((words) => words.join(" ")),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 12 }).map((words) => `SELECT ${words.join(" ")} FROM dual`),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 12 }).map((words) => `BEGIN ${words.join(" ")} ; END;`),
);

test("any text is understood, or refused with an error of the server; nothing else happens", () => {
  using session = openDatabase().logOn("SYSTEM");
  fc.assert(
    fc.property(text, (sql) => {
      try {
        session.run(sql, "1");
      } catch (error) {
        expect(error).toBeInstanceOf(OracleError);
      }
    }),
    { numRuns: 3000 },
  );
});

const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
const exact = (value: bigint) => canonicalNumber(value.toString());

test("arithmetic is exact", () => {
  fc.assert(
    fc.property(integer, integer, fc.integer({ min: 0, max: 6 }), (a, b, places) => {
      const shifted = (value: bigint): ExactNumber => divide(exact(value), 10 ** places);
      const back = (value: ExactNumber) => BigInt(numberText(multiply(value, 10 ** places)));
      expect(back(add(shifted(a), shifted(b)))).toBe(a + b);
      expect(BigInt(numberText(multiply(exact(a), exact(b))))).toBe(a * b);
      if (b !== 0n) expect(BigInt(numberText(modulo(exact(a), exact(b))))).toBe(a % b);
      expect(compareNumbers(shifted(a), shifted(b))).toBe(a < b ? -1 : Number(a > b));
    }),
  );
});

const FORMAT = "YYYY-MM-DD HH24:MI:SS.FF6";
const moment = fc
  .record({
    milliseconds: fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 0, 1) }),
    microseconds: fc.integer({ min: 0, max: 999 }),
  })
  .map(({ milliseconds, microseconds }) => {
    const iso = new Date(milliseconds).toISOString();
    return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${String(microseconds).padStart(3, "0")}`;
  });

test("what TO_CHAR shows, TO_TIMESTAMP reads", () => {
  fc.assert(
    fc.property(moment, (time) => {
      for (const format of [FORMAT, "DD-MON-YYYY HH12:MI:SS.FF AM", "YYYYMMDDHH24MISSFF6"]) {
        expect(readTime(formatTime(time, format), format, "2026-01-01").time).toBe(time);
      }
    }),
  );
});

test("a time goes through every zone and comes back, but for the hour that comes twice", () => {
  fc.assert(
    fc.property(
      moment,
      fc.constantFrom("+00:00", "-09:30", "Europe/Zurich", "America/New_York", "Asia/Kolkata"),
      (utc, zone) => {
        const { time, offset } = toZone(utc, zone);
        const back = fromZone(time, zone);
        expect(back === utc || toZone(back, zone).time === time).toBe(true);
        expect(Math.abs(offset)).toBeLessThanOrEqual(14 * 60);
      },
    ),
  );
});
