import type { ServerLogin } from "./instance.ts";
import type { Transaction } from "./transaction.ts";

/** What the engine side knows of a connection that has logged in. */
export interface SessionState {
  readonly id: number;
  /** As whom it works now. */
  readonly login: ServerLogin;
  /** As whom it logged in, whatever EXECUTE AS made of it: ORIGINAL_LOGIN(). */
  readonly originalLogin: ServerLogin;
  /** Names of the logins that EXECUTE AS changed to, the present one last. */
  impersonated: readonly string[];
  readonly hostName: string;
  readonly applicationName: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly isEncrypted: boolean;
  readonly connectedAt: number;
  /** Upper case. */
  readonly connectionId: string;
  readonly tdsVersion: number;
  readonly packetSize: number;
  database: string;
  /** What BEGIN TRANSACTION opened. */
  transaction: Transaction | null;
}
