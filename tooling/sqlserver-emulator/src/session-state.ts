import type { ServerLogin } from "./instance.ts";

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
  database: string;
}
