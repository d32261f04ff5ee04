import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { addLifecycleCommands } from "./lifecycle-commands.ts";
import type { CheckOptions, RunOptions, TailOptions, VerifyOptions } from "./options.ts";
import { parseTime } from "./parse-time.ts";
import { exitCodeOf, reportError } from "./report-error.ts";
import { addSetupCommands } from "./setup-commands.ts";

/** Runs the `das` command. @returns its exit code: 0 done, 1 failed at run time, 2 wrong usage or configuration */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command("das")
    .description("Open database activity streams for the Oracle and SQL Server databases that you run yourself.")
    .exitOverride()
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError("(das --help says more)");

  addSetupCommands(program, (code) => {
    exitCode = code;
  });

  program
    .command("run")
    .description("publish the audited activity of one instance to the activity stream of its resource")
    .requiredOption("-c, --config <file>", "configuration of the resource (YAML); one file serves all its instances")
    .requiredOption("-i, --instance <id>", "the instance to publish, by its id in the configuration")
    .option("--create-stream", "create the stream when it does not exist, instead of waiting for it", false)
    .option("--resume-from <time>", "where a source begins of which the stream holds nothing any more", parseTime)
    .addOption(logLevel())
    .addHelpText("after", RUN_HELP)
    .action(async (options: RunOptions) => {
      const { runCommand } = await import("./run-command.ts");
      exitCode = await runCommand(options);
    });

  program
    .command("check")
    .description(
      "look at an instance and at AWS: what keeps activity from the stream, why, and the statement that repairs it",
    )
    .requiredOption("-c, --config <file>", "configuration of the resource (YAML)")
    .option("-i, --instance <id>", "the instance to check, by its id in the configuration")
    .addOption(new Option("--all-instances", "check all of them, and AWS once").default(false).conflicts("instance"))
    .option("--notify-test", "send one notification that says that it is a test", false)
    .option("--json", "one JSON object with every finding", false)
    .option("--verbose", "say of everything why it matters, also of what is well", false)
    .option("--no-color", "no colour; also NO_COLOR, and when the output is no terminal")
    .addHelpText("after", CHECK_HELP)
    .action(async (options: CheckOptions) => {
      const { checkCommand } = await import("./check-command.ts");
      exitCode = await checkCommand(options);
    });

  addLifecycleCommands(program, (code) => {
    exitCode = code;
  });

  program
    .command("tail")
    .description("follow a stream: decrypt each record and print one event a line")
    .option("-c, --config <file>", "configuration of the resource, for its id and region")
    .option("--resource-id <id>", "the resource's id, when there is no configuration at hand")
    .option("--region <region>", "the stream's region; default: the SDK's own (AWS_REGION, profile)")
    .option("--from <where>", "latest, oldest, or a time such as 2026-11-22T10:00:00Z", parseFrom, "latest")
    .option("--json", "one JSON object a line, exactly as on the stream", false)
    .option("--heartbeats", "show heartbeats too", false)
    .option("--limit <events>", "end after so many events", parseCount)
    .option("--no-color", "no colour; also NO_COLOR, and when the output is no terminal")
    .addHelpText("after", TAIL_HELP)
    .action(async (options: TailOptions) => {
      const { tailCommand } = await import("./tail-command.ts");
      exitCode = await tailCommand(options);
    });

  program
    .command("verify")
    .description(
      "read a stream and say of each source up to where it is complete, what is missing, and whether that is explained",
    )
    .option("-c, --config <file>", "configuration of the resource, for its id and region")
    .option("--resource-id <id>", "the resource's id, when there is no configuration at hand")
    .option("--region <region>", "the stream's region; default: the SDK's own (AWS_REGION, profile)")
    .option("--from <where>", "oldest, or a time such as 2026-11-22T10:00:00Z", parseReadFrom, "oldest")
    .option("--json", "one JSON object with everything that is known of each source, epoch and hole", false)
    .option("--no-color", "no colour; also NO_COLOR, and when the output is no terminal")
    .addHelpText("after", VERIFY_HELP)
    .action(async (options: VerifyOptions) => {
      const { verifyCommand } = await import("./verify-command.ts");
      exitCode = await verifyCommand(options);
    });

  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has already said what is wrong with the arguments, or printed the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportError(error);
    return exitCodeOf(error);
  }
}

function logLevel(): Option {
  return new Option("--log-level <level>", "what to log on standard error")
    .choices(["debug", "info", "warn", "error"])
    .default("info");
}

function parseFrom(text: string): "latest" | "oldest" | Date {
  if (text === "latest" || text === "oldest") return text;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError("Not latest, oldest or an ISO 8601 time.");
  return time;
}

function parseReadFrom(text: string): "oldest" | Date {
  return text === "oldest" ? text : parseTime(text);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("Not a whole number above 0.");
  return count;
}

const RUN_HELP = `
The stream itself says where publishing goes on: nothing has to be kept or carried over. Only after an
absence longer than the stream's retention there is nothing on it any more; then a source goes on where
publisher.hintDirectory says, else at --resume-from, else at publisher.startAt, and the stream is told
what may be on it twice (REPEAT) or missing (LOSS WINDOW).

AWS credentials, profiles and endpoints follow the AWS SDK: AWS_PROFILE, AWS_ACCESS_KEY_ID,
AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_KMS.

SIGTERM and SIGINT flush, send a last heartbeat and end with 0; a second one ends at once.
Exit codes: 0 stopped, 1 failed or refused, 2 wrong usage or configuration.

Example:
  das run --config das.yaml --instance a`;

const CHECK_HELP = `
It only reads, with the reader's own login, and tries in AWS what a publisher does; that publishers may put records
shows in their heartbeats.
The audits of the other instances of the configuration whose secrets are at hand are compared with those
of this one.

Exit codes: 0 all is well or only warnings, 1 at least one failure, 2 wrong usage or configuration.

Examples:
  das check --config das.yaml --instance a
  das check --config das.yaml --all-instances
  das check --config das.yaml --instance a --json | jq -r '.findings[] | select(.repair) | .repair'`;

const TAIL_HELP = `
A record that cannot be opened is reported with its sequence number, and the tail goes on.

Examples:
  das tail --config das.yaml
  das tail --resource-id db-ABCDEFGHIJKLMNOPQRSTUVWXYZ --region eu-central-1 --from oldest --json | jq .command`;

const VERIFY_HELP = `
It reads what the stream holds up to now, all shards of it, and decrypts each record; nothing is written.

A hole is a record that its publisher numbered and that is not on the stream:
  open       it is missing: what the stream had confirmed is lost, or cannot be opened
  under way  it was overtaken less than a minute before the end, and may still come
  explained  a loss window on the stream tells of it
  closed     it was never confirmed, and the next run of its publisher published its rows again
A double is an event that stands on the stream more than once; whoever reads by identity drops it.

Exit codes: 0 no open hole, 1 at least one or nothing could be read, 2 wrong usage or configuration.

Examples:
  das verify --config das.yaml
  das verify --resource-id db-ABCDEFGHIJKLMNOPQRSTUVWXYZ --region eu-central-1 --json | jq .holes`;
