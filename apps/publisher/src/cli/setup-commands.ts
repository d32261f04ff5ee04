import { Argument, type Command, InvalidArgumentError } from "commander";
import { IAM_ROLES, type IamRole } from "../aws/policy/iam-policy.ts";
import type { IamPolicyOptions } from "./iam-policy-command.ts";

/** The commands of whoever sets das up. @param end is told the exit code */
export function addSetupCommands(program: Command, end: (exitCode: number) => void): void {
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

function append(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

function parseAccount(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError("Not the 12 digits of an AWS account id.");
  return text;
}

const IAM_POLICY_HELP = `
  publisher  das run: puts records, and reads the stream to know where to go on
  operator   das init, check, start, stop, modify, describe: creates, tags and deletes the stream; puts nothing
  consumer   reads the stream and opens its records; never a right to put, for who opens and puts can forge

The policy on the key's side must let the account's IAM policies decide, as the default key policy does.

Example:
  das iam-policy publisher --config das.yaml > publisher.json
  aws iam put-role-policy --role-name das-publisher --policy-name das --policy-document file://publisher.json`;
