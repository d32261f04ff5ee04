import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBatch } from "./parse-batch.ts";
import { ServerError } from "./server-error.ts";

const WORDS =
  "SELECT FROM WHERE DECLARE SET EXEC IF ELSE BEGIN END ORDER BY TOP DISTINCT AS AND OR NOT IN LIKE BETWEEN IS NULL CASE WHEN THEN CONVERT CAST EXISTS JOIN LEFT ON OPTION USE PRINT int nvarchar sys.databases name @a N'x' 'it''s' [a]]b] 0xff 1 2.5 , ; . ( ) * = <> + - / % -- /*".split(
    " ",
  );

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 30 }).map((words) => words.join(" ")),
);

test("any text is understood, or refused with an error of the engine; nothing else happens", () => {
  fc.assert(
    fc.property(text, (sql) => {
      try {
        parseBatch(sql);
      } catch (error) {
        expect(error).toBeInstanceOf(ServerError);
      }
    }),
    { numRuns: 3000 },
  );
});

test("an open block ends with the batch, as an error", () => {
  expect(() => parseBatch("BEGIN SELECT 1")).toThrow(ServerError);
});
