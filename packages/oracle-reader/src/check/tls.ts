import type { CheckFinding } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import { about } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** @param instance what the server says of the connection; the reader's own look at the socket holds when it is silent */
export function judgeTls(options: ConnectionOptions, { protocol }: Pick<InstanceFacts, "protocol">): CheckFinding {
  const { ok, warning, failure } = about(
    "tls",
    "The user's password and every audited statement travel on this connection",
  );
  const { tls = "required", host, checkCertificateName = true, certificateName, instanceId } = options;
  const setting = `In the configuration, of instance "${instanceId}":`;
  if (tls === "off") {
    const what = "tls is off: password and audited statements travel in plain text";
    const repair = `${setting}\n  port: <of the listener's address with PROTOCOL=TCPS>\n  tls: { mode: required, caFile: <authority of the server's certificate> }`;
    return isLoopback(host) ? warning(`${what}, but do not leave this machine`, repair) : failure(what, repair);
  }
  if (protocol !== "" && protocol !== "tcps") {
    const what = `the server says that this connection came by ${protocol}, which is not encrypted`;
    return failure(what, "Ask who stands between it and the server");
  }
  if (!checkCertificateName) {
    return warning(
      "encrypted with TCPS, but any name in the certificate is accepted: any server of that authority may be at the other end",
      `${setting}\n  tls: { certificateName: <distinguished name in the server's certificate> }`,
    );
  }
  const name = certificateName === undefined ? `is for ${host}` : `bears the name ${certificateName}`;
  return ok(`encrypted with TCPS, the server's certificate is verified and ${name}${walletOf(options)}`);
}

function walletOf({ wallet, walletLocation }: ConnectionOptions): string {
  if (wallet === undefined && walletLocation === undefined) return "";
  return walletLocation === undefined ? ", with a wallet" : `, with the wallet in ${walletLocation}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
