import { hash } from "node:crypto";
import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Step } from "./steps.ts";

/** A record of a PutRecords call, as whoever reads the stream can recognise it: it is sealed once. */
export interface PutRecord {
  readonly digest: string;
  readonly events: number;
}

type Line =
  | { readonly call: number; readonly records: readonly PutRecord[] }
  | { readonly answered: number }
  | { readonly died: Step };

export function digestOf(data: Uint8Array): string {
  return hash("sha256", data, "base64url");
}

/** What a publisher did, written so that nothing of it is lost when the process is killed. */
export class JournalWriter {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

export interface Journal {
  /** Of the calls that had no answer when the process ended. */
  readonly unanswered: readonly PutRecord[];
  /** Where it ended itself. */
  readonly died: Step | undefined;
}

/** @param path of the journal of a process that has ended; there is none when it ended before its first line */
export function readJournal(path: string): Journal {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const calls = new Map<number, readonly PutRecord[]>();
  let died: Step | undefined;
  for (const line of text
    .split("\n")
    .filter(Boolean)
    .map((each) => JSON.parse(each) as Line)) {
    if ("call" in line) calls.set(line.call, line.records);
    else if ("answered" in line) calls.delete(line.answered);
    else died = line.died;
  }
  return { unanswered: [...calls.values()].flat(), died };
}
