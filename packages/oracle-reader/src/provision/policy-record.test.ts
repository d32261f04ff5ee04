import { describe, expect, test } from "vitest";
import { answered, notKnown } from "../check/answer.ts";
import { ALL_USERS, type Policy } from "../check/policies.ts";
import { driftOf, type ProtectedFacts, policyRecord, recordText } from "./policy-record.ts";

function policy(name: string, own: Partial<Policy> = {}): Policy {
  return {
    name,
    enablements: [{ way: "by", entity: ALL_USERS, success: true, failure: true }],
    condition: "",
    options: answered([{ name: "LOGON", type: "STANDARD ACTION", object: "" }]),
    onlyTopLevel: false,
    ...own,
  };
}

function facts(policies: readonly Policy[], own: Partial<ProtectedFacts> = {}): ProtectedFacts {
  return {
    policies: answered(policies),
    parameters: answered(new Map()),
    mode: answered("pure"),
    guard: answered("DAS_HEAL=VALID 2026-11-22 12:00:00;DAS_LOCK_TRG=ENABLED;"),
    vault: answered({ isEnabled: false, mayConfigure: false, parts: answered(new Map()) }),
    ...own,
  };
}

/** A look that takes no time sees no content. */
function hasty({ policies, ...others }: ProtectedFacts): ProtectedFacts {
  const seen = policies.known ? policies.value : [];
  const plain = seen.map(({ onlyTopLevel: _, ...each }) => ({ ...each, options: notKnown("not asked") }));
  return { ...others, policies: answered(plain), vault: notKnown("not asked") };
}

const driftBetween = (before: ProtectedFacts, after: ProtectedFacts) =>
  driftOf(recordText(policyRecord(before)), policyRecord(after), after);

describe("what is recorded of policies", () => {
  const few = ["A", "B"].map((name) => policy(name));
  const many = Array.from({ length: 400 }, (_, index) => policy(`POLICY_NUMBER_${String(index).padStart(4, "0")}`));

  test.each([
    ["few", few],
    ["more than go into it", many],
  ])("of %s is no drift as long as nothing changes, however one looks", (_, policies) => {
    const looked = facts(policies);
    expect(Buffer.byteLength(recordText(policyRecord(looked)))).toBeLessThan(32_767);
    expect(driftBetween(looked, looked)).toEqual([]);
    expect(driftBetween(looked, hasty(looked))).toEqual([]);
  });

  test("of more than go into it shows what changed all the same", () => {
    const looked = facts(many);
    const gone = many.filter(({ name }) => name !== "POLICY_NUMBER_0399");
    expect(driftBetween(looked, hasty(facts(gone)))).toMatchObject([{ healable: "audit policy POLICY_NUMBER_0399" }]);
    const last = policy("POLICY_NUMBER_0399", { condition: "1 = 0" });
    const [drift] = driftBetween(looked, facts([...gone, last]));
    expect(drift?.text).toMatch(/^content of audit policy, \d+ further lines was /);
  });

  test("tells levels apart, which can be put back; what a policy records can not", () => {
    const [drift] = driftBetween(facts(few), facts([few[0] ?? policy("A"), policy("B", { onlyTopLevel: true })]));
    expect(drift).toEqual({
      text: "content of audit policy B (top level) was ALTER AUDIT POLICY B DROP ONLY TOPLEVEL, is ALTER AUDIT POLICY B ADD ONLY TOPLEVEL",
      healable: "content of audit policy B (top level)",
    });
    const [other] = driftBetween(facts(few), facts([few[0] ?? policy("A"), policy("B", { condition: "1 = 0" })]));
    expect(other).not.toHaveProperty("healable");
  });

  test("is as short as a cursor wants it, and still its own", () => {
    const enablements = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        way: "by" as const,
        entity: `SOMEBODY_${index}`,
        success: true,
        failure: true,
      }));
    const texts = [40, 41].flatMap((count) =>
      driftBetween(facts([policy("A", { enablements: enablements(count) })]), facts([])).map(({ text }) => text),
    );
    expect(new Set(texts).size).toBe(2);
    for (const text of texts) expect(text.length).toBeLessThan(420);
  });
});
