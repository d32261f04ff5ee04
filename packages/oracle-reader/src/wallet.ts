import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "@das/core";
import { meaninglessIdentity } from "./client-identity.ts";
import type { ConnectionOptions } from "./connection-options.ts";

/**
 * The PEM text in which the driver looks for authorities, certificate and key, and wants all three.
 * @returns undefined: Node's own authorities, and no certificate
 * @throws ConfigurationError
 */
export async function walletOf(options: ConnectionOptions): Promise<string | undefined> {
  const { instanceId, tls, wallet, walletLocation, certificateAuthority } = options;
  if (tls === "off") return undefined;
  let own = wallet;
  if (own === undefined && walletLocation !== undefined) {
    try {
      own = await readFile(join(walletLocation, "ewallet.pem"), "utf8");
    } catch (error) {
      throw new ConfigurationError({
        who: "oracle-reader",
        what: `the wallet of instance "${instanceId}" cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
        remedy: `Put ewallet.pem into ${walletLocation}, and see that this process may read it`,
        code: "wallet-unreadable",
        cause: error,
      });
    }
  }
  if (certificateAuthority === undefined) return own;
  return `${own ?? meaninglessIdentity()}\n${certificateAuthority}`;
}
