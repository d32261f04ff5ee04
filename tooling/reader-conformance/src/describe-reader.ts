import { describe, test } from "vitest";
import { CONFORMANCE_CASES, type OpenTrail } from "./conformance-cases.ts";

/** Registers the suite for one reader on one kind of trail. */
export function describeReaderConformance<Row>(name: string, open: OpenTrail<Row>): void {
  describe(`${name} keeps the reader contract`, () => {
    for (const { name: promise, run } of CONFORMANCE_CASES) test(promise, () => run(open));
  });
}
