/** What goes wrong on the wire, scripted by tests. */
import type { Encryption } from "./protocol/prelogin.ts";
import type { ServerMessage } from "./protocol/tokens.ts";

export type Fault =
  /** The login is refused with this message: 40613 is one that drivers try again. */
  | { readonly at: "login"; readonly error: ServerMessage }
  /** PRELOGIN answers this, whatever was negotiated. */
  | { readonly at: "prelogin"; readonly encryption: Encryption }
  /** The connection is closed as soon as it was accepted. */
  | { readonly at: "connect" }
  /** A statement whose text matches is answered with this message. */
  | { readonly at: "statement"; readonly matching: RegExp; readonly error: ServerMessage }
  /** A result sends this many rows and then nothing until the client cancels or goes; or the socket is killed; or an error ends it. */
  | {
      readonly at: "rows";
      readonly after: number;
      readonly matching?: RegExp;
      readonly ending: "stall" | "kill" | { readonly error: ServerMessage };
    }
  /** An attention is not answered: the peer is dead, but nobody told the socket. */
  | { readonly at: "attention" };

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

function concerns(fault: Fault, statement: string | undefined): boolean {
  if (fault.at !== "statement" && fault.at !== "rows") return true;
  return fault.matching === undefined || fault.matching.test(statement ?? "");
}
