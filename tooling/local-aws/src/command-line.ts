import { Command, InvalidArgumentError } from "commander";

export interface Settings {
  readonly port: number;
  readonly directory?: string;
  readonly region: string;
  readonly account: string;
  readonly shards: number;
  readonly limits?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  pnpm local-aws                                   a throw-away server on port 4567
  pnpm local-aws --directory .das/aws              one that remembers streams and keys
  pnpm local-aws --limits --shards 1               one that throttles as AWS does

Point the AWS command line or SDKs at it with the variables that it prints. It listens on 127.0.0.1 only.
Clients that speak HTTP/2 to Kinesis (the SDK for JavaScript) have to be told to use HTTP/1.1: give them NodeHttpHandler.
`;

/** @param onSettings runs with settings that are complete and in range; anything else ends with a message and --help's hint */
export function commandLine(onSettings: (settings: Settings) => Promise<void>): Command {
  return new Command("local-aws")
    .description("Kinesis, KMS and EventBridge on this machine, for tests, demos and trying things out.")
    .option("-p, --port <port>", "listen here; 0 takes any free port", integer(0, 65_535), 4567)
    .option("-d, --directory <path>", "keep streams and keys here, across restarts (default: nothing is kept)")
    .option("-r, --region <name>", "the region that callers sign for", "us-east-1")
    .option("-a, --account <digits>", "the account that owns everything", accountId, "123456789012")
    .option("-s, --shards <count>", "open shards of a new ON_DEMAND stream", integer(1, 1000), 4)
    .option("-l, --limits", "throttle reads, writes and calls at AWS's quotas")
    .option("--json", "print one line of JSON instead of text, for scripts")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("Try: local-aws --help")
    .action(onSettings);
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
  };
}

function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError("Expected 12 digits.");
}
