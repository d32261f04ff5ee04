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

/** The key that a call is about. @throws AwsError when there is none or the caller may not */
export function keyFor(parts: KmsParts, action: string, reference: string, context: CallContext): KeyState {
  const key = parts.keys.resolve(reference, context.principal.accountId, context.now);
  authorizeKey(parts, action, key, context);
  return key;
}

/** @param described how AWS names the resource in its message, where it does not tell the ARN */
export function authorizeKey(
  parts: KmsParts,
  action: string,
  key: KeyState,
  context: CallContext,
  described?: string,
): void {
  parts.access.authorize(context.principal, action, key.arn, described);
  if (key.manager === "CUSTOMER" || action === "kms:DescribeKey") return;
  // The policy of such a key lets users use it only through the service that it is for.
  throw new AwsError(
    "AccessDeniedException",
    `User: ${context.principal.arn} is not authorized to perform: ${action} on resource: ${key.arn} because no resource-based policy allows the ${action} action`,
  );
}
