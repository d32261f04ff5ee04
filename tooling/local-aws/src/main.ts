import { commandLine, type Settings } from "./command-line.ts";
import { type LocalAws, startLocalAws } from "./local-aws.ts";

const KEY_ALIAS = "alias/das";

/** Runs until SIGTERM or SIGINT. */
async function run(settings: Settings): Promise<void> {
  const stopped = stopSignal();
  const { port, region, account, shards, directory, limits = false } = settings;
  await using server = await startLocalAws({
    port,
    region,
    accountId: account,
    onDemandShards: shards,
    limits: { rates: limits },
    ...(directory !== undefined && { directory }),
  });
  const key = server.kms.keyOfAlias(KEY_ALIAS) ?? server.kms.createKey({ alias: KEY_ALIAS });
  process.stdout.write(settings.json ? `${jsonLine(server, key.arn)}\n` : `${facts(server, settings, key.arn)}\n`);
  await stopped;
}

function facts(server: LocalAws, { directory, limits }: Settings, keyArn: string): string {
  const { accessKeyId, secretAccessKey } = server.credentials;
  return [
    `Kinesis, KMS and EventBridge listen on ${server.endpoint}, region ${server.region}, account ${server.accountId}.`,
    directory === undefined
      ? "Nothing is kept: streams and keys are gone when this ends."
      : `Streams and keys are kept in ${server.directory}.`,
    limits ? "AWS's rates are enforced." : "AWS's sizes are enforced, its rates are not (--limits).",
    `KMS key ${KEY_ALIAS}: ${keyArn}`,
    "",
    "Point any AWS client here with",
    `  export AWS_ENDPOINT_URL=${server.endpoint}`,
    `  export AWS_REGION=${server.region}`,
    `  export AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `  export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    "",
    "Ctrl-C ends it.",
  ].join("\n");
}

function jsonLine(server: LocalAws, keyArn: string): string {
  const { endpoint, port, region, accountId, credentials, directory } = server;
  return JSON.stringify({ endpoint, port, region, accountId, ...credentials, directory, keyAlias: KEY_ALIAS, keyArn });
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}

/** One line that a person can act on. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return `local-aws: ${String(error)}`;
  if ("code" in error && error.code === "EADDRINUSE") {
    return "local-aws: the port is in use. Name another one with --port, or --port 0 for any free one.";
  }
  return error.message.startsWith("local-aws: ") ? `${error.message}.` : `local-aws: ${error.message}`;
}

try {
  await commandLine(run).parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
