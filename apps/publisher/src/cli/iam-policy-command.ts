import { ConfigurationError } from "@das/core";
import { eventBusArn, namedKey } from "../aws/policy/amazon-resource.ts";
import { type IamRole, iamPolicyOf } from "../aws/policy/iam-policy.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";

export interface IamPolicyOptions {
  readonly config: string;
  readonly account?: string;
  readonly formerKey: readonly string[];
}

/** `das iam-policy`: the policy on standard output, what to know about it on standard error. @throws ConfigurationError */
export function iamPolicyCommand(role: IamRole, options: IamPolicyOptions): number {
  const configuration = loadConfiguration(options.config);
  const { resource, stream } = configuration;
  const key = namedKey(stream.kmsKeyId);
  const account = options.account ?? stream.account ?? key.account;
  if (account === undefined) {
    throw new ConfigurationError({
      who: "das iam-policy",
      what: "neither stream.account nor stream.kmsKeyId says which account owns the stream",
      remedy: "Set stream.account, or give --account",
      code: "account-unnamed",
    });
  }
  const subject = { resourceId: resource.id, region: stream.region, account, kmsKeyId: stream.kmsKeyId };
  const policy = iamPolicyOf(role, {
    ...subject,
    formerKeyIds: options.formerKey,
    eventBus: eventBusArn(configuration, account),
  });
  process.stdout.write(`${JSON.stringify(policy, undefined, 2)}\n`);
  if (key.alias !== undefined) {
    process.stderr.write(
      `das iam-policy: stream.kmsKeyId is an alias, so the policy is about whatever key ${key.alias} leads to. The ARN of the key makes it about that key alone.\n`,
    );
  }
  return 0;
}
