import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { endWithUs } from "./lifetime.ts";
import type { Answer, Program, Question } from "./program.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A program (`program.ts`) in a process of its own, on loopback and without this process's environment. */
export class Child<Asked extends Program> implements AsyncDisposable {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  /** @param program the file whose `serve` answers */
  constructor(program: URL) {
    this.#process = fork(fileURLToPath(program), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { PATH: "" },
    });
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${program.pathname} could not be started`);
    this.pid = pid;
    endWithUs(this.#process);
    this.#exited = once(this.#process, "exit").then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${program.pathname} ended`));
    });
    this.#process.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("error" in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve(answer.result);
    });
  }

  /** @throws Error what the program threw, or that it ended */
  ask<Name extends keyof Asked & string>(
    question: Name,
    ...args: Parameters<Asked[Name]>
  ): Promise<Awaited<ReturnType<Asked[Name]>>> {
    const id = this.#asked;
    this.#asked += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Awaited<ReturnType<Asked[Name]>>), reject });
      this.#process.send({ id, question, args } satisfies Question, (error) => error && reject(error));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}
