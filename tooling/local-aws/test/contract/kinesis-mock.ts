import { fork } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A running kinesis-mock (npm kinesis-local): an independent imitation of Kinesis, without rates and signatures. */
export interface KinesisMock extends AsyncDisposable {
  readonly endpoint: string;
  readonly accountId: string;
  readonly region: string;
}

const START_TIMEOUT = 20_000;
const ACCOUNT_ID = "000000000000";
const REGION = "us-east-1";

/** @throws Error with what it said when it does not come up */
export async function startKinesisMock(): Promise<KinesisMock> {
  const main = fileURLToPath(import.meta.resolve("kinesis-local"));
  const directory = dirname(main);
  const child = fork(main, {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: ["--import", new URL("kinesis-mock-preload.ts", import.meta.url).href],
    env: {
      KINESIS_MOCK_CERT_PATH: join(directory, "server.json"),
      AWS_ACCOUNT_ID: ACCOUNT_ID,
      AWS_REGION: REGION,
      SHARD_LIMIT: "1000",
      ON_DEMAND_STREAM_COUNT_LIMIT: "100",
      LOG_LEVEL: "ERROR",
      ...Object.fromEntries(
        ["CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS", "UPDATE_SHARD_COUNT"].map((name) => [
          `${name}_DURATION`,
          "20ms",
        ]),
      ),
      START_STREAM_ENCRYPTION_DURATION: "20ms",
      STOP_STREAM_ENCRYPTION_DURATION: "20ms",
    },
  });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output?.on("data", (text) => (said += String(text)));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await once(child, "exit");
  };
  const signal = AbortSignal.timeout(START_TIMEOUT);
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`kinesis-mock ended: ${said}`)));
  try {
    const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as [{ port: number }];
    return {
      endpoint: `http://127.0.0.1:${message.port}`,
      accountId: ACCOUNT_ID,
      region: REGION,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`kinesis-mock did not start: ${said || String(error)}`, { cause: error });
  } finally {
    ended.catch(() => undefined);
  }
}
