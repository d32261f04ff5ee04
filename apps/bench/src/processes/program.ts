/**
 * A program is a set of questions that a process of its own answers, one at a time, over Node's IPC channel: so each
 * server's CPU time and memory can be told from the others'. This is the side of that process; `child.ts` is the other.
 */

// biome-ignore lint/suspicious/noExplicitAny: a program's questions have arguments of every kind; who asks sees them typed
export type Program = { readonly [question: string]: (...args: any[]) => unknown };

export interface Question {
  readonly id: number;
  readonly question: string;
  readonly args: readonly unknown[];
}

export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

/** Answers until whoever asks is gone; then the process ends, whatever it does. */
export function serve(program: Program): void {
  let turn: Promise<void> = Promise.resolve();
  process.on("message", (message: Question) => {
    turn = turn.then(() => answer(program, message));
  });
  process.on("disconnect", () => process.exit());
}

async function answer(program: Program, { id, question, args }: Question): Promise<void> {
  try {
    const asked = program[question];
    if (!asked) throw new Error(`question ${question} is not known`);
    reply({ id, result: await asked(...args) });
  } catch (error) {
    reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function reply(message: Answer): void {
  process.send?.(message);
}
