import type { ServerLogin } from "./instance.ts";
import type { Transaction } from "./transaction.ts";

/** What the engine side knows of a connection that has logged in. */
export interface SessionState {
  readonly id: number;
  readonly login: ServerLogin;
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
