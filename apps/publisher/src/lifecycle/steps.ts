import type { PlannedStatement, Provisioner } from "@das/core";

/** One step of a change, which a person may read before any of it is done. */
export type Step =
  | { readonly kind: "sql"; readonly plan: readonly PlannedStatement[] }
  | {
      readonly kind: "aws";
      readonly what: string;
      /** As a command of the AWS CLI; what is decided only while it runs stands as `…`. */
      readonly command: string;
      run(): Promise<void>;
    }
  | { readonly kind: "wait"; readonly what: string; run(): Promise<void> };

/** In order; ends at the first that fails. @param tell a line for each thing that is about to be done, or was */
export async function runSteps(
  steps: readonly Step[],
  provisioner: Provisioner,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted();
    if (step.kind === "sql") {
      await provisioner.run(step.plan, signal, (statement) => tell(titleOf(statement)));
    } else {
      tell(step.what);
      await step.run();
    }
  }
}

/** Every statement and every call, in order: the statements as they can be pasted, everything else as a comment. */
export function stepsText(steps: readonly Step[]): string {
  return steps.map(stepText).join("");
}

function stepText(step: Step): string {
  if (step.kind === "sql") {
    return step.plan.map((statement) => `-- ${titleOf(statement)}\n${statement.sql.trimEnd()}\n\n`).join("");
  }
  return step.kind === "aws" ? `-- ${step.what}\n-- $ ${step.command}\n\n` : `-- ${step.what}\n\n`;
}

function titleOf({ what, place }: PlannedStatement): string {
  return place === undefined ? what : `${what} (${place})`;
}
