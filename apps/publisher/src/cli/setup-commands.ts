import { Argument, type Command, InvalidArgumentError } from "commander";
import { IAM_ROLES, type IamRole } from "../aws/policy/iam-policy.ts";
import type { NewInstance } from "../configuration/new-configuration.ts";
import type { GrantsOptions } from "./grants-command.ts";
import type { IamPolicyOptions } from "./iam-policy-command.ts";
import { parseEngine, parseInstance, parseNames, parseRegion, parseResourceId, parseText } from "./init-answers.ts";
import type { InitOptions } from "./init-command.ts";

/** The commands of whoever sets das up. @param end is told the exit code */
export function addSetupCommands(program: Command, end: (exitCode: number) => void): void {
  program
    .command("init")
    .description("write a commented configuration for a new resource: asks, unless told by options")
    .option("-o, --output <file>", "the file to write; one that exists is left alone", "das.yaml")
    .option("--engine <engine>", "sqlserver or oracle", parseEngine)
    .option("--region <region>", "AWS region of the stream and the key", parseRegion)
    .option("--kms-key-id <key>", "key ARN, key id, alias ARN or alias name", parseText)
    .option("--account <id>", "the account that owns the stream: credentials of others are refused", parseAccount)
    .option("--instance <[id=]host[:port]>", "one instance; repeated, the primary first", appendInstance)
    .option("--user <login>", "the reader's login", parseText)
    .option(
      "--service <service>",
      "Oracle: service of the root or the database, on each host's own listener",
      parseText,
    )
    .option("--containers <services>", "Oracle: services of the PDBs that are read besides, with commas", parseNames)
    .option("--ca-file <file>", "PEM file of the authority that signed the servers' certificates", parseText)
    .option("--engine-native-audit-fields-included", "the engine's own columns in each event, too")
    .option("--no-engine-native-audit-fields-included", "only the fields that all engines have")
    .option("--resource-id <id>", "an id that the resource has already; default: a new one", parseResourceId)
    .addHelpText("after", INIT_HELP)
    .action(async (options: InitOptions) => {
      const { initCommand } = await import("./init-command.ts");
      end(await initCommand(options));
    });

  program
    .command("grants")
    .description("print the exact statements that give the reader, or an administrator, what it needs in the database")
    .requiredOption("-c, --config <file>", "configuration of the resource (YAML)")
    .option("--engine-version <version>", "of the database: 2016 to 2025, or 12.2 to 23ai")
    .option("--admin-user <name>", "what this administrator needs for start, modify and stop; default: the reader")
    .option("--vault-owner <name>", "Oracle: the rules of Database Vault that this user makes, where das start may not")
    .addHelpText("after", GRANTS_HELP)
    .action(async (options: GrantsOptions) => {
      const { grantsCommand } = await import("./grants-command.ts");
      end(grantsCommand(options));
    });

  program
    .command("iam-policy")
    .description("print the least IAM policy of one role, for exactly this configuration")
    .addArgument(new Argument("<role>", "whose").choices(IAM_ROLES))
    .requiredOption("-c, --config <file>", "configuration of the resource (YAML)")
    .option(
      "--account <id>",
      "the account that owns the stream; default: stream.account, else that of the key",
      parseAccount,
    )
    .option(
      "--former-key <id>",
      "a key that records on the stream were sealed under before; may be repeated",
      append,
      [],
    )
    .addHelpText("after", IAM_POLICY_HELP)
    .action(async (role: IamRole, options: IamPolicyOptions) => {
      const { iamPolicyCommand } = await import("./iam-policy-command.ts");
      end(iamPolicyCommand(role, options));
    });
}

function appendInstance(text: string, instances: readonly NewInstance[] = []): readonly NewInstance[] {
  const instance = parseInstance(text, instances.length);
  if (instances.some(({ id }) => id === instance.id)) {
    throw new InvalidArgumentError("The ids of the instances must differ.");
  }
  return [...instances, instance];
}

function append(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

function parseAccount(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError("Not the 12 digits of an AWS account id.");
  return text;
}

const INIT_HELP = `
No password is asked for or written: the file names the environment variables that hold them.

Example:
  das init --engine sqlserver --region eu-central-1 --kms-key-id alias/das \\
    --instance a=sql-a.example.com --instance b=sql-b.example.com`;

const GRANTS_HELP = `
Nothing is asked of the database, and nothing is run: das start creates the reader itself, where it is missing.

Examples:
  das grants --config das.yaml --engine-version 2022
  das grants --config das.yaml --engine-version 19c --admin-user das_admin
  das grants --config das.yaml --engine-version 19c --vault-owner dv_owner`;

const IAM_POLICY_HELP = `
  publisher  das run: puts records, and reads the stream to know where to go on
  operator   das init, check, start, stop, modify, describe: creates, tags and deletes the stream; puts nothing
  consumer   reads the stream and opens its records; never a right to put, for who opens and puts can forge

The policy on the key's side must let the account's IAM policies decide, as the default key policy does.

Example:
  das iam-policy publisher --config das.yaml > publisher.json
  aws iam put-role-policy --role-name das-publisher --policy-name das --policy-document file://publisher.json`;
