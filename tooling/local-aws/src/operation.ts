import type { z } from "zod";
import type { Principal } from "./access.ts";
import type { Tally } from "./counters.ts";
import type { CallScript } from "./faults.ts";
import { parseInput } from "./input.ts";

/** What an operation knows of the call that it answers. */
export interface CallContext {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Where it counts what it read and wrote. */
  readonly tally: Tally;
  /** What was scripted to happen inside this call. */
  readonly script: CallScript;
}

/** One operation of a service: JSON in, JSON out. Throws AwsError. Takes effect as a whole, in one turn. */
export type Operation = (input: unknown, context: CallContext) => object | undefined;

export function operation<Schema extends z.ZodType>(
  schema: Schema,
  run: (input: z.output<Schema>, context: CallContext) => object | undefined,
): Operation {
  return (input, context) => run(parseInput(schema, input), context);
}

export const SERVICE_NAMES = ["kinesis", "kms", "events"] as const;
/** As IAM spells them. */
export type ServiceName = (typeof SERVICE_NAMES)[number];

export interface Service {
  /** Before the dot of `X-Amz-Target`. */
  readonly target: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** The stream that a call is about, as far as its unchecked input tells. */
  streamOf(input: unknown): string | undefined;
}
