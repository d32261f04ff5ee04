/** What goes wrong on the wire, scripted by tests. */
import { OracleError } from "./oracle-error.ts";

/** An error that the server reports: `text` without its `ORA-nnnnn: `. */
export interface ServerFault {
  readonly number: number;
  readonly text: string;
}

export type Fault =
  /** The connection is closed as soon as it was accepted. */
  | { readonly at: "connect" }
  /** The listener refuses: 12514, 12528, 12520 … */
  | { readonly at: "listener"; readonly number: number }
  /** The log-on is refused with this error, whatever the password: 1017, 28000, 1033 … */
  | { readonly at: "logOn"; readonly error: ServerFault }
  /** A statement whose text matches is answered with this error. */
  | { readonly at: "statement"; readonly matching: RegExp; readonly error: ServerFault }
  /** The connection is cut when a statement arrives, before anything of it is answered. */
  | { readonly at: "call"; readonly matching: RegExp }
  /** A result sends this many rows and then nothing until the client breaks or goes; or the socket is killed; or an error ends it. */
  | {
      readonly at: "rows";
      readonly after: number;
      readonly matching?: RegExp;
      readonly ending: "stall" | "kill" | { readonly error: ServerFault };
    }
  /** A break is not answered, now and later: the peer is dead, but nobody told the socket. */
  | { readonly at: "break" };

export class FaultPlan {
  #armed: { readonly fault: Fault; left: number }[] = [];
  /** Milliseconds before each write to a socket. */
  latency = 0;

  /** It happens the next so many times. */
  arm(fault: Fault, times = 1): void {
    this.#armed.push({ fault, left: times });
  }

  clear(): void {
    this.#armed = [];
    this.latency = 0;
  }

  /** The fault that happens here now, if one is armed. */
  take<At extends Fault["at"]>(at: At, statement?: string): Extract<Fault, { at: At }> | undefined {
    const armed = this.#armed.find(({ fault }) => fault.at === at && concerns(fault, statement));
    if (!armed) return undefined;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed = this.#armed.filter((candidate) => candidate !== armed);
    return armed.fault as Extract<Fault, { at: At }>;
  }
}

export function errorOf({ number, text }: ServerFault): OracleError {
  return new OracleError(number, text);
}

function concerns(fault: Fault, statement: string | undefined): boolean {
  if (fault.at !== "statement" && fault.at !== "rows" && fault.at !== "call") return true;
  return fault.matching === undefined || fault.matching.test(statement ?? "");
}
