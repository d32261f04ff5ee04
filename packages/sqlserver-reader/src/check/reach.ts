import { type CheckFinding, DasError } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import { about } from "./finding.ts";

const REACH = "Nothing can be read without a connection";
const LOGIN = "The publisher reads as this login; without it nothing reaches the stream";
const TLS = "The login's password and every audited statement travel on this connection";

export function judgeConnected({ host, port = 1433, user }: ConnectionOptions): readonly CheckFinding[] {
  return [about("reach", REACH).ok(`${host}:${port} answers`), about("login", LOGIN).ok(`login ${user} is accepted`)];
}

/** Which of the three steps of connecting failed; anything that is no error of a connection is thrown on. */
export function judgeUnconnected(options: ConnectionOptions, error: unknown): readonly CheckFinding[] {
  if (!(error instanceof DasError)) throw error;
  const { host, port = 1433 } = options;
  const answers = about("reach", REACH).ok(`${host}:${port} answers`);
  switch (error.code) {
    case "login-refused":
      return [answers, about("login", LOGIN).failure(error.what, error.remedy)];
    case "tls-refused":
    case "certificate-refused":
      return [answers, about("tls", TLS).failure(error.what, error.remedy)];
    default:
      return [about("reach", REACH).failure(error.what, error.remedy)];
  }
}
