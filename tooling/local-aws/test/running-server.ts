import { type LocalAws, type LocalAwsOptions, startLocalAws } from "../src/index.ts";
import { type Clients, clientsOf } from "./clients.ts";
import { ManualClock } from "./manual-clock.ts";

/** A server of its own for one test, clients of it, and its time. */
export interface RunningServer extends Pick<Clients, "kinesis" | "kms">, AsyncDisposable {
  readonly server: LocalAws;
  readonly clock: ManualClock;
}

export async function runServer(options: Omit<LocalAwsOptions, "clock"> = {}): Promise<RunningServer> {
  const clock = new ManualClock();
  const server = await startLocalAws({ ...options, clock });
  const clients = clientsOf(server);
  return {
    server,
    clock,
    kinesis: clients.kinesis,
    kms: clients.kms,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
