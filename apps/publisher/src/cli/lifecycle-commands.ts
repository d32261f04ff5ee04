import { type Command, InvalidArgumentError, Option } from "commander";
import type { DescribeOptions } from "./describe-command.ts";
import type { ModifyOptions } from "./modify-command.ts";
import { parseTime } from "./parse-time.ts";
import type { StartOptions } from "./start-command.ts";
import type { StopOptions } from "./stop-command.ts";

/** The commands that change a stream's life, in RDS's words. @param end is told the exit code */
export function addLifecycleCommands(program: Command, end: (exitCode: number) => void): void {
  withCommonOptions(
    program
      .command("start")
      .description("start the activity stream: provision the database, create the stream, wait for the publishers"),
  )
    .option("--kms-key-id <id>", "the key that seals the stream; default: stream.kmsKeyId")
    .option(
      "--engine-native-audit-fields-included",
      "the engine's own columns in each event; default: the configuration's",
    )
    .option("--no-engine-native-audit-fields-included", "none of the engine's own columns")
    .addOption(new Option("--from <where>", "what is streamed first").choices(["now", "oldest"]).default("now"))
    .option("--mode <mode>", "async, as all streams of database instances are", parseMode, "async")
    .option("--apply-immediately", "accepted for familiarity: it always applies at once, and nothing is restarted")
    .addHelpText("after", START_HELP)
    .action(async (options: StartOptions) => {
      const { startCommand } = await import("./start-command.ts");
      end(await startCommand(options));
    });

  withCommonOptions(
    program
      .command("stop")
      .description("stop the activity stream: flush, restore parameters, take away what start provisioned"),
  )
    .option("--delete-stream", "delete the stream, too, with all that it holds", false)
    .option("--apply-immediately", "accepted for familiarity: it always applies at once, and nothing is restarted")
    .addHelpText("after", STOP_HELP)
    .action(async (options: StopOptions) => {
      const { stopCommand } = await import("./stop-command.ts");
      end(await stopCommand(options));
    });

  withCommonOptions(program.command("modify").description("lock or unlock the audit policy while the stream goes on"))
    .addOption(
      new Option("--audit-policy-state <state>", "locked: audit policies are read-only; unlocked: DBAs may change them")
        .choices(["locked", "unlocked"])
        .makeOptionMandatory(),
    )
    .addHelpText("after", MODIFY_HELP)
    .action(async (options: ModifyOptions) => {
      const { modifyCommand } = await import("./modify-command.ts");
      end(await modifyCommand(options));
    });

  program
    .command("describe")
    .description("what state the activity stream is in, how far each source is published, and what may be missing")
    .requiredOption("-c, --config <file>", "configuration of the resource (YAML)")
    .option("-i, --instance <id>", "the only instance whose database is asked; default: all of them")
    .option("--admin-user <name>", "who asks the databases; default: the reader of each, where its secret is at hand")
    .option("--since <time>", "read the stream from then on; default: as far back as takes seconds", parseTime)
    .option("--json", "one JSON object, RDS's members first", false)
    .addHelpText("after", DESCRIBE_HELP)
    .action(async (options: DescribeOptions) => {
      const { describeCommand } = await import("./describe-command.ts");
      end(await describeCommand(options));
    });
}

function withCommonOptions(command: Command): Command {
  return command
    .requiredOption("-c, --config <file>", "configuration of the resource (YAML)")
    .option("-i, --instance <id>", "the instance that is the primary; default: the first of the configuration")
    .requiredOption("--admin-user <name>", "an administrator of the database; the password is never an argument")
    .option("--timeout <seconds>", "how long to wait for the publishers", parseSeconds, 300)
    .option("--dry-run", "print every SQL statement and AWS call, in order, and run none that changes anything", false);
}

function parseMode(text: string): string {
  if (text === "async") return text;
  throw new InvalidArgumentError("Activity streams of database instances are asynchronous: only async.");
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 86_400) {
    throw new InvalidArgumentError("Not a whole number of seconds from 0 to 86400.");
  }
  return seconds;
}

const DESCRIBE_HELP = `
Of each source: the last event and the watermark before which everything is on the stream, how long ago a publisher
said so, and what the publishers told to be missing. Of each database: the audit policy, its drift from what was
recorded, and the parameters that start overrode. What was put on the stream before ReadFrom is not told.

Example:
  das describe --config das.yaml --json | jq .ActivityStreamStatus`;

const CREDENTIALS_HELP = `
The administrator's password comes from DAS_ADMIN_PASSWORD, or is asked for at a terminal; it is never stored.`;

const START_HELP = `${CREDENTIALS_HELP}
Run it once, on the primary. The publishers (das run) of all instances see the state in the stream's tags and
begin; each of them has to be heard before the stream is "started". A start that ended half-way is finished by
running it again.

Example:
  das start --config das.yaml --admin-user sa --dry-run
  das start --config das.yaml --admin-user sa`;

const STOP_HELP = `${CREDENTIALS_HELP}
The publishers read their trails up to the stop, flush, and say that they have; then what start provisioned is
taken away. Specifications and policies that users made stay. --timeout 0 does not wait for the publishers: what
they have not read yet is left behind.

Example:
  das stop --config das.yaml --admin-user sa`;

const MODIFY_HELP = `${CREDENTIALS_HELP}
Example:
  das modify --config das.yaml --admin-user sa --audit-policy-state unlocked`;
