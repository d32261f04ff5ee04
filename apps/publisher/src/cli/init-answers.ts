import { ConfigurationError, type Engine, RESOURCE_ID_PATTERN } from "@das/core";
import { InvalidArgumentError } from "commander";
import type { NewInstance } from "../configuration/new-configuration.ts";

/** What a person, or the command line, may answer. Each parser throws InvalidArgumentError, which says what is wanted. */

export function parseEngine(text: string): Engine {
  if (text === "sqlserver" || text === "oracle") return text;
  throw new InvalidArgumentError("It is sqlserver or oracle.");
}

export function parseRegion(text: string): string {
  if (/^[a-z]{2}(-[a-z]+)+-\d$/.test(text)) return text;
  throw new InvalidArgumentError("Not an AWS region such as eu-central-1.");
}

export function parseResourceId(text: string): string {
  if (RESOURCE_ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("Not db- and 26 of A-Z and 2-7.");
}

export function parseText(text: string): string {
  if (/^[^\p{Cc}\p{Cs}]+$/u.test(text) && text === text.trim()) return text;
  throw new InvalidArgumentError("It must not be empty.");
}

/** What a person answers who has none. */
export const NONE = "none";

export function parseAccountOrNone(text: string): string {
  if (text === NONE || /^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError("Not the 12 digits of an AWS account id.");
}

export function parseYes(text: string): boolean {
  if (/^(y|yes)$/i.test(text)) return true;
  if (/^(n|no)$/i.test(text)) return false;
  throw new InvalidArgumentError("It is yes or no.");
}

export function parseNames(text: string): readonly string[] {
  return text === "" || text === NONE ? [] : text.split(/[\s,]+/).map(parseText);
}

const INSTANCE =
  /^(?:(?<id>[a-z0-9][a-z0-9-]{0,31})=)?(?:\[(?<address>[0-9A-Fa-f:.]+)\]|(?<host>[\w.-]+))(?::(?<port>\d{1,5}))?$/;

/** `sql-a.example.com`, `b=10.0.1.20:1433`, `[2001:db8::1]:1433`. @param index of it, which gives it an id: a, b, c */
export function parseInstance(text: string, index: number): NewInstance {
  const { id = idAt(index), address, host = address, port } = INSTANCE.exec(text)?.groups ?? {};
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw new InvalidArgumentError(`"${text}" is not [id=]host[:port], such as a=sql-a.example.com:1433.`);
  }
  return { id, host, port: port === undefined ? undefined : Number(port) };
}

export function parseInstances(text: string): readonly NewInstance[] {
  const instances = text.split(/[\s,]+/).map(parseInstance);
  if (new Set(instances.map(({ id }) => id)).size === instances.length) return instances;
  throw new InvalidArgumentError("The ids of the instances must differ.");
}

/** a to z, then i27, i28, … */
function idAt(index: number): string {
  return index < 26 ? String.fromCharCode(97 + index) : `i${index + 1}`;
}

export interface Question<Value> {
  /** The option that answers it: `--region <region>`. */
  readonly option: string;
  readonly text: string;
  readonly parse: (text: string) => Value;
  /** What an empty answer means, shown in brackets. */
  readonly fallback?: string;
}

/** Puts a question to a person; undefined: nobody is there. */
export type Ask = ((question: string) => Promise<string>) | undefined;

/** What the command line did not say is asked for, or, where nobody is there, missed. */
export class Answers {
  readonly #ask: Ask;
  readonly #say: (text: string) => void;
  readonly #missing: string[] = [];

  constructor(ask: Ask, say: (text: string) => void) {
    this.#ask = ask;
    this.#say = say;
  }

  /** @param given on the command line. @returns undefined when it is missing: see `demandAll` */
  async get<Value>(given: Value | undefined, question: Question<Value>): Promise<Value | undefined> {
    if (given !== undefined) return given;
    const { option, text, parse, fallback } = question;
    if (!this.#ask) {
      if (fallback !== undefined) return parse(fallback);
      this.#missing.push(option);
      return undefined;
    }
    for (;;) {
      const answer = (await this.#ask(fallback === undefined ? `${text}: ` : `${text} [${fallback}]: `)).trim();
      try {
        return parse(answer === "" && fallback !== undefined ? fallback : answer);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        this.#say(`  ${error.message}\n`);
      }
    }
  }

  /** @throws ConfigurationError that names every option that is missing */
  demandAll(): void {
    if (this.#missing.length === 0) return;
    throw new ConfigurationError({
      who: "das init",
      what: "there is no terminal to ask at, and these are not given",
      details: this.#missing,
      remedy: "Give them as options",
      code: "answers-missing",
    });
  }
}
