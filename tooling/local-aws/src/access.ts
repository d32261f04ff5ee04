import { randomBytes } from "node:crypto";
import { formatArn, parseArn } from "./arn.ts";
import { AwsError } from "./aws-error.ts";
import { type ConditionContext, demandEvaluable, isAllowed, type PolicyDocument } from "./identity-policy.ts";
import type { ServiceName } from "./operation.ts";

/** Who signs a call: an IAM user with one access key. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly userName: string;
  readonly arn: string;
  readonly policy?: PolicyDocument;
}

export interface PrincipalOptions {
  readonly userName: string;
  /** 12 digits. Another account than the server's own has streams and keys of its own. */
  readonly accountId?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** What it may do; everything in its account when absent. */
  readonly policy?: PolicyDocument;
}

export interface DenialOptions {
  /** Whose calls: an access key id or a user name. Everybody's when absent. */
  readonly principal?: string;
  /** IAM's spelling, `kms:Decrypt` or `kinesis:PutRecords`; `kinesis:*` for all of a service. */
  readonly action: `${ServiceName}:${string}`;
  /** The ARN of one stream or key. All of them when absent. */
  readonly resource?: string;
}

/** What a call is about, besides its resource. */
export interface AuthorizeOptions {
  /** How the message names the resource, where AWS does not tell its ARN. */
  readonly described?: string;
  /** Condition keys of the call. */
  readonly context?: ConditionContext;
}

/** A rule in force until it is removed. */
export interface Denial {
  remove(): void;
}

/** The users that the server knows, and what they may do: what their policy allows, and what is not denied. */
export class AccessControl {
  readonly #region: string;
  readonly #accountId: string;
  readonly #principals = new Map<string, Principal>();
  readonly #denials = new Set<DenialOptions>();

  constructor(region: string, accountId: string) {
    this.#region = region;
    this.#accountId = accountId;
  }

  /** @throws TypeError when the policy cannot be evaluated here */
  addPrincipal(options: PrincipalOptions): Principal {
    const { policy } = options;
    if (policy) demandEvaluable(policy);
    const accountId = options.accountId ?? this.#accountId;
    if (!/^\d{12}$/.test(accountId)) throw new TypeError(`An account id has 12 digits, not "${accountId}"`);
    const principal: Principal = {
      accessKeyId: options.accessKeyId ?? `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
      secretAccessKey: options.secretAccessKey ?? randomBytes(30).toString("base64"),
      accountId,
      userName: options.userName,
      arn: formatArn({ service: "iam", region: this.#region, accountId, resource: `user/${options.userName}` }),
      ...(policy && { policy }),
    };
    this.#principals.set(principal.accessKeyId, principal);
    return principal;
  }

  principal(accessKeyId: string): Principal | undefined {
    return this.#principals.get(accessKeyId);
  }

  deny(options: DenialOptions): Denial {
    const rule = { ...options };
    this.#denials.add(rule);
    return { remove: () => void this.#denials.delete(rule) };
  }

  /**
   * @param resource an ARN; another account's is refused, for no stream or key here has a policy that shares it
   */
  authorize(
    principal: Principal,
    action: string,
    resource: string,
    { described = `resource: ${resource}`, context = {} }: AuthorizeOptions = {},
  ): void {
    const refuse = (policy: string): never => {
      throw new AwsError(
        "AccessDeniedException",
        `User: ${principal.arn} is not authorized to perform: ${action} on ${described} because no ${policy} policy allows the ${action} action`,
      );
    };
    if (parseArn(resource)?.accountId !== principal.accountId) refuse("resource-based");
    if (principal.policy && !isAllowed(principal.policy, { action, resource, context })) refuse("identity-based");
    for (const denial of this.#denials) {
      if (applies(denial, principal, action, resource)) refuse("identity-based");
    }
  }
}

function applies(denial: DenialOptions, principal: Principal, action: string, resource: string): boolean {
  const whose = denial.principal;
  if (whose !== undefined && whose !== principal.accessKeyId && whose !== principal.userName) return false;
  if (denial.resource !== undefined && denial.resource !== resource) return false;
  return denial.action === action || denial.action === `${action.slice(0, action.indexOf(":"))}:*`;
}
