import { DasError } from "@das/core";
import { classifyAwsError } from "../classify-aws-error.ts";

/** What AWS said to a question, or why it said nothing. */
export type Answer<Value> =
  | { readonly known: true; readonly value: Value }
  | {
      readonly known: false;
      /** Its name in AWS's API: `AccessDeniedException`. */
      readonly code: string;
      readonly reason: string;
      readonly remedy: string;
    };

/** @param setting of the configuration that the question is about */
export async function ask<Value>(setting: string, question: () => Promise<Value>): Promise<Answer<Value>> {
  try {
    return { known: true, value: await question() };
  } catch (error) {
    const { code, what, remedy } = error instanceof DasError ? error : classifyAwsError(error, setting);
    return { known: false, code, reason: what, remedy };
  }
}
