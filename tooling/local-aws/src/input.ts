import { z } from "zod";
import { AwsError, constraintError } from "./aws-error.ts";

/**
 * The shapes of AWS's API model, and its answers where an input does not fit: SerializationException for a wrong JSON
 * type, ValidationException for a broken constraint. Unknown members are ignored, as AWS ignores them.
 */

/** @param pattern as the API model writes it, without anchors */
export function text(constraints: { pattern?: string; min?: number; max?: number } = {}): z.ZodString {
  let schema = z.string();
  if (constraints.pattern !== undefined) schema = schema.regex(new RegExp(`^(?:${constraints.pattern})$`, "u"));
  if (constraints.min !== undefined) schema = schema.min(constraints.min);
  if (constraints.max !== undefined) schema = schema.max(constraints.max);
  return schema;
}

export function integer(min: number, max: number): z.ZodNumber {
  return z.number().int().min(min).max(max);
}

/** Seconds since 1970 with a fraction on the wire, milliseconds for us. */
export const timestamp = z.number().transform((seconds) => Math.round(seconds * 1000));

/** Base64 on the wire, bytes for us. */
export const blob = z.string().transform((encoded, context) => {
  const bytes = Buffer.from(encoded, "base64");
  // Buffer.from skips what is not base64, so that a wrong character shows in the length.
  const padding = encoded.endsWith("==") ? 2 : encoded.endsWith("=") ? 1 : 0;
  if (bytes.length !== (encoded.length / 4) * 3 - padding) {
    context.addIssue({ code: "custom", message: "is not base64", params: { serialization: true } });
  }
  return bytes;
});

/** AWS tells at most ten violations of one call. */
const MAX_VIOLATIONS = 10;

export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(withoutNulls(input), { reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues;
  const wrongType = issues.find(isWrongType);
  if (wrongType) throw new AwsError("SerializationException", `${pathOf(wrongType)} ${wrongType.message}`);
  throw constraintError(
    issues.slice(0, MAX_VIOLATIONS).map((issue) => ({
      value: shownValue(issue.input),
      at: pathOf(issue),
      constraint: constraintOf(issue),
    })),
  );
}

/** A JSON null means that the member is absent. */
function withoutNulls(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

function isWrongType(issue: z.core.$ZodIssue): boolean {
  if (issue.code === "custom") return issue.params?.serialization === true;
  return issue.code === "invalid_type" && issue.input !== undefined && issue.input !== null;
}

function constraintOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return "Member must not be null";
    case "too_small":
      return `Member must have ${measureOf(issue.origin)} greater than or equal to ${issue.minimum}`;
    case "too_big":
      return `Member must have ${measureOf(issue.origin)} less than or equal to ${issue.maximum}`;
    case "invalid_format":
      return `Member must satisfy regular expression pattern: ${issue.pattern?.replace(/^\/\^\(\?:(.*)\)\$\/u$/s, "$1")}`;
    case "invalid_value":
      return `Member must satisfy enum value set: [${issue.values.join(", ")}]`;
    default:
      return issue.message;
  }
}

function measureOf(origin: string): string {
  return origin === "number" ? "value" : "length";
}

/** `records.1.member.partitionKey`: lower camel case, lists counted from 1. */
function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path
    .map((step) => (typeof step === "number" ? `${step + 1}.member` : lowerFirst(String(step))))
    .join(".");
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** AWS repeats scalars; of lists and maps it is enough here to tell the size. */
function shownValue(input: unknown): string {
  if (input === undefined || input === null) return "null";
  if (Array.isArray(input)) return `'[${input.length} members]'`;
  if (typeof input === "object") return `'{${Object.keys(input).length} members}'`;
  return `'${String(input)}'`;
}
