import { randomBytes } from "node:crypto";
import { formatArn, parseArn } from "./arn.ts";
import { AwsError } from "./aws-error.ts";
import type { ServiceName } from "./operation.ts";

/** Who signs a call: an IAM user with one access key. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly userName: string;
  readonly arn: string;
}

export interface PrincipalOptions {
  readonly userName: string;
  /** 12 digits. Another account than the server's own has streams and keys of its own. */
  readonly accountId?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
}

export interface DenialOptions {
  /** Whose calls: an access key id or a user name. Everybody's when absent. */
  readonly principal?: string;
  /** IAM's spelling, `kms:Decrypt` or `kinesis:PutRecords`; `kinesis:*` for all of a service. */
  readonly action: `${ServiceName}:${string}`;
  /** The ARN of one stream or key. All of them when absent. */
  readonly resource?: string;
}

/** A rule in force until it is removed. */
export interface Denial {
  remove(): void;
}

/** The users that the server knows, and what they may not do. Everything that is not denied is allowed. */
export class AccessControl {
  readonly #region: string;
  readonly #accountId: string;
  readonly #principals = new Map<string, Principal>();
  readonly #denials = new Set<DenialOptions>();

  constructor(region: string, accountId: string) {
    this.#region = region;
    this.#accountId = accountId;
  }

  addPrincipal(options: PrincipalOptions): Principal {
    const accountId = options.accountId ?? this.#accountId;
    if (!/^\d{12}$/.test(accountId)) throw new TypeError(`An account id has 12 digits, not "${accountId}"`);
    const principal: Principal = {
      accessKeyId: options.accessKeyId ?? `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
      secretAccessKey: options.secretAccessKey ?? randomBytes(30).toString("base64"),
      accountId,
      userName: options.userName,
      arn: formatArn({ service: "iam", region: this.#region, accountId, resource: `user/${options.userName}` }),
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
   * @param described how the message names the resource, where AWS does not tell its ARN
   */
  authorize(principal: Principal, action: string, resource: string, described = `resource: ${resource}`): void {
    const refuse = (policy: string): never => {
      throw new AwsError(
        "AccessDeniedException",
        `User: ${principal.arn} is not authorized to perform: ${action} on ${described} because no ${policy} policy allows the ${action} action`,
      );
    };
    if (parseArn(resource)?.accountId !== principal.accountId) refuse("resource-based");
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
