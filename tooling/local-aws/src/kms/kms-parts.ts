import type { AccessControl } from "../access.ts";
import { AwsError } from "../aws-error.ts";
import { text } from "../input.ts";
import type { CallContext } from "../operation.ts";
import type { KeyState } from "./key-state.ts";
import type { KeyStore } from "./key-store.ts";

/** What the operations of KMS work with. */
export interface KmsParts {
  readonly access: AccessControl;
  readonly keys: KeyStore;
  /** The resource of calls that are about no key in particular. */
  anyKey(accountId: string): string;
}

export const keyReference = text({ min: 1, max: 2048 });

/** What a use of a key says, as far as it decides who may. */
export interface KeyUse {
  readonly encryptionContext?: Readonly<Record<string, string>> | undefined;
  /** How AWS names the resource in its message, where it does not tell the ARN. */
  readonly described?: string;
}

/** The key that a call is about. @throws AwsError when there is none or the caller may not */
export function keyFor(
  parts: KmsParts,
  action: string,
  reference: string,
  context: CallContext,
  use?: KeyUse,
): KeyState {
  const key = parts.keys.resolve(reference, context.principal.accountId, context.now);
  authorizeKey(parts, action, key, context, use);
  return key;
}

export function authorizeKey(
  parts: KmsParts,
  action: string,
  key: KeyState,
  context: CallContext,
  { encryptionContext = {}, described }: KeyUse = {},
): void {
  const pairs = Object.entries(encryptionContext).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]);
  const aliases = parts.keys.aliases(key.accountId).filter(({ keyId }) => keyId === key.keyId);
  parts.access.authorize(context.principal, action, key.arn, {
    ...(described !== undefined && { described }),
    context: {
      ...Object.fromEntries(pairs),
      "kms:EncryptionContextKeys": Object.keys(encryptionContext),
      "kms:ResourceAliases": aliases.map(({ name }) => name),
    },
  });
  if (key.manager === "CUSTOMER" || action === "kms:DescribeKey") return;
  // The policy of such a key lets users use it only through the service that it is for.
  throw new AwsError(
    "AccessDeniedException",
    `User: ${context.principal.arn} is not authorized to perform: ${action} on resource: ${key.arn} because no resource-based policy allows the ${action} action`,
  );
}
