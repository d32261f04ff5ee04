import type { CheckFinding } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkText, countFindings } from "./check-text.ts";

const plain = { verbose: false, color: false, width: 80 };
const OK: CheckFinding = { id: "a", status: "ok", what: "127.0.0.1:1433 answers", why: "Nothing works without" };
const OFF: CheckFinding = {
  id: "b",
  status: "failure",
  what: "RDS_DAS_AUDIT is switched off",
  why: "While an audit is off nothing is recorded, and nothing brings it back later, whatever anybody does about it",
  repair: "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);",
};
const LATE: CheckFinding = {
  id: "c",
  status: "warning",
  what: "the server's clock is a long way behind this host's clock, far more than anybody who compares logs would like",
  why: "Times must agree",
  repair: "Let both of them follow one and the same service of time, and look at what they say of it afterwards",
};

describe("findings as text", () => {
  test("say of what is not well why, and the statement", () => {
    expect(checkText([{ title: "sqlserver instance a", findings: [OK, OFF, LATE] }], plain)).toBe(`sqlserver instance a

✓ 127.0.0.1:1433 answers
✗ RDS_DAS_AUDIT is switched off
      While an audit is off nothing is recorded, and nothing brings it back
      later, whatever anybody does about it.
      ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);
! the server's clock is a long way behind this host's clock, far more than
  anybody who compares logs would like
      Times must agree.
      Let both of them follow one and the same service of time, and look at what
      they say of it afterwards

1 failure, 1 warning, 1 well
`);
  });

  test("say why of everything when asked, and in colour when it is a terminal", () => {
    const text = checkText([{ title: "title", findings: [OK] }], { ...plain, verbose: true, color: true });
    expect(text).toContain(
      "\u001b[32m✓\u001b[0m 127.0.0.1:1433 answers\n\u001b[2m      Nothing works without.\u001b[0m\n",
    );
  });

  test("keep the lines of a statement, however long, and their indentation", () => {
    const repair = `CREATE SERVER AUDIT [x]\n  TO FILE (FILEPATH = N'${"d".repeat(90)}');`;
    expect(checkText([{ title: "title", findings: [{ ...OFF, repair }] }], plain)).toContain(
      `      CREATE SERVER AUDIT [x]\n        TO FILE (FILEPATH = N'${"d".repeat(90)}');\n`,
    );
  });

  test("hold nothing that a terminal obeys, and fit into its width", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, text, fc.integer({ min: 40, max: 120 }), (what, why, advice, width) => {
        const repair = advice.replaceAll(/[;\n]/g, " ");
        const printed = checkText([{ title: "title", findings: [{ ...OFF, what, why, repair }] }], { ...plain, width });
        expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        for (const line of printed.split("\n")) {
          if (line.length > width) expect(line.trimStart()).not.toMatch(/\S \S/);
        }
      }),
    );
  });

  test("are counted", () => {
    expect(countFindings([OK, OK, OFF])).toEqual({ failures: 1, warnings: 0, ok: 2 });
  });
});
