import type { CheckFinding } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import { textOf } from "../instance.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about } from "./finding.ts";

const ENCRYPTION = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID";

/** What the server says about this connection; the reader's own look at the socket holds when it may not be asked. */
export async function lookAtEncryption(inquiry: Inquiry): Promise<Answer<boolean>> {
  return mapAnswer(await inquiry.ask(ENCRYPTION), ([row]) => textOf(row?.[0]).toUpperCase() === "TRUE");
}

export function judgeTls(options: ConnectionOptions, encrypted: Answer<boolean>): CheckFinding {
  const { ok, warning, failure } = about(
    "tls",
    "The login's password and every audited statement travel on this connection",
  );
  const { tls = "required", trustServerCertificate = false, host } = options;
  const setting = `In the configuration, of instance "${options.instanceId}":`;
  if (tls === "off") {
    const what = "tls is off: password and audited statements travel in plain text";
    const repair = `${setting}\n  tls: { mode: required, caFile: <authority of the server's certificate> }`;
    return isLoopback(host) ? warning(`${what}, but do not leave this machine`, repair) : failure(what, repair);
  }
  if (encrypted.known && !encrypted.value) {
    return failure("the server says that this connection is not encrypted", "Ask who stands between it and the server");
  }
  if (trustServerCertificate) {
    return warning(
      "encrypted, but any certificate is accepted: anybody may be at the other end",
      `${setting}\n  tls: { trustServerCertificate: false, caFile: <authority of the server's certificate> }`,
    );
  }
  const protocol = tls === "strict" ? "TDS 8 (strict)" : "TLS inside TDS 7.4";
  return ok(`encrypted with ${protocol}, the server's certificate is verified`);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
