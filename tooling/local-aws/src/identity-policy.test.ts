import { expect, test } from "vitest";
import { demandEvaluable, isAllowed, type PolicyDocument, type PolicyStatement } from "./identity-policy.ts";

const KEY = "arn:aws:kms:us-east-1:123456789012:key/one";

const policyOf = (...statements: readonly Partial<PolicyStatement>[]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: statements.map((statement) => ({ Effect: "Allow", Action: "kms:Decrypt", Resource: KEY, ...statement })),
});

const decrypt = (policy: PolicyDocument, context: Record<string, string | readonly string[]> = {}) =>
  isAllowed(policy, { action: "kms:Decrypt", resource: KEY, context });

test("what no statement names is refused, and what one denies", () => {
  expect(decrypt(policyOf({}))).toBe(true);
  expect(decrypt(policyOf())).toBe(false);
  expect(decrypt(policyOf({ Action: ["kms:Encrypt", "kms:GenerateDataKey"] }))).toBe(false);
  expect(decrypt(policyOf({ Resource: KEY.replace("one", "two") }))).toBe(false);
  expect(decrypt(policyOf({}, { Effect: "Deny", Resource: "*" }))).toBe(false);
  expect(decrypt(policyOf({}, { Effect: "Deny", Action: "kms:Encrypt" }))).toBe(true);
});

test("wildcards; actions without case, resources with it; nothing else is special", () => {
  expect(decrypt(policyOf({ Action: "KMS:dec*", Resource: "arn:aws:kms:*:key/o?e" }))).toBe(true);
  expect(decrypt(policyOf({ Resource: KEY.toUpperCase() }))).toBe(false);
  expect(decrypt(policyOf({ Resource: "arn:aws:kms:*:key/o?" }))).toBe(false);
  expect(decrypt(policyOf({ Resource: KEY.replace("one", "...") }))).toBe(false);
});

test.each([
  ["StringEquals", "one", true],
  ["StringEquals", ["two", "one"], true],
  ["StringEquals", "o*", false],
  ["StringLike", "o*", true],
  ["ArnLike", "o*", true],
  ["ForAnyValue:StringEquals", "one", true],
  ["ForAllValues:StringEquals", "one", true],
  ["ForAllValues:StringEquals", "two", false],
] as const)("the operator %s with %j", (operator, wanted, isHeld) => {
  expect(decrypt(policyOf({ Condition: { [operator]: { key: wanted } } }), { key: "one" })).toBe(isHeld);
});

test("sets of values, and a key that the call does not have", () => {
  const all = policyOf({ Condition: { "ForAllValues:StringEquals": { key: ["one", "two"] } } });
  const any = policyOf({ Condition: { "ForAnyValue:StringEquals": { key: ["one", "two"] } } });
  expect([["one"], ["one", "three"], []].map((key) => decrypt(all, { key }))).toEqual([true, false, true]);
  expect([["one"], ["one", "three"], []].map((key) => decrypt(any, { key }))).toEqual([true, true, false]);
  expect(
    [all, any, policyOf({ Condition: { StringEquals: { key: "one" } } })].map((policy) => decrypt(policy)),
  ).toEqual([true, false, false]);
});

test("every condition has to hold", () => {
  const both = policyOf({ Condition: { StringEquals: { a: "1", b: "2" } } });
  expect(decrypt(both, { a: "1", b: "2" })).toBe(true);
  expect(decrypt(both, { a: "1", b: "3" })).toBe(false);
});

test("what is not evaluated is refused when it is attached", () => {
  expect(() => demandEvaluable(policyOf({ Condition: { Bool: { "aws:SecureTransport": "true" } } }))).toThrow("Bool");
  expect(() => demandEvaluable(policyOf({ NotResource: "*" } as never))).toThrow("NotResource");
  expect(() => demandEvaluable(policyOf({}))).not.toThrow();
});
