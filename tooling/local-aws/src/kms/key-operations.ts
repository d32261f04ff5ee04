import { z } from "zod";
import { AwsError, validation } from "../aws-error.ts";
import { integer, text } from "../input.ts";
import { type CallContext, type Operation, operation } from "../operation.ts";
import { keySpecs, usagesOf } from "./key-spec.ts";
import { type KeyState, describeKey as metadataOf } from "./key-state.ts";
import { requireNotPending } from "./key-store.ts";
import { type KmsParts, keyFor, keyReference } from "./kms-parts.ts";

/** The operations that govern keys; those that use them are in `data-operations.ts`. */

const createKeyInput = z.object({
  Description: text({ max: 8192 }).optional(),
  KeySpec: z.enum(keySpecs).optional(),
  CustomerMasterKeySpec: z.enum(keySpecs).optional(),
  KeyUsage: z.enum(["SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"]).optional(),
});

export function createKey(parts: KmsParts): Operation {
  return operation(createKeyInput, (input, { principal, now }) => {
    parts.access.authorize(principal, "kms:CreateKey", parts.anyKey(principal.accountId));
    const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT";
    const usages = usagesOf(spec);
    const usage = input.KeyUsage ?? (usages.length === 1 ? usages[0] : undefined);
    if (!usage)
      throw validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
    if (!usages.includes(usage)) throw validation(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
    const options = { spec, usage, ...(input.Description !== undefined && { description: input.Description }) };
    return { KeyMetadata: metadataOf(parts.keys.create(principal.accountId, options, now)) };
  });
}

const createAliasInput = z.object({
  AliasName: text({ pattern: "[a-zA-Z0-9:/_-]+", min: 1, max: 256 }),
  TargetKeyId: keyReference,
});

export function createAlias(parts: KmsParts): Operation {
  return operation(createAliasInput, (input, context) => {
    const name = input.AliasName;
    if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) {
      throw new AwsError(
        "ValidationException",
        'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
      );
    }
    if (name.startsWith("alias/aws/")) {
      throw new AwsError("NotAuthorizedException", `The alias name ${name} is reserved for keys that AWS manages.`);
    }
    const key = keyFor(parts, "kms:CreateAlias", input.TargetKeyId, context);
    requireNotPending(key);
    parts.keys.addAlias(name, key, context.now);
    return undefined;
  });
}

const listAliasesInput = z.object({
  KeyId: keyReference.optional(),
  Limit: integer(1, 100).optional(),
  Marker: text({ min: 1, max: 1024 }).optional(),
});

export function listAliases(parts: KmsParts): Operation {
  return operation(listAliasesInput, (input, context) => {
    const { principal, now } = context;
    parts.access.authorize(principal, "kms:ListAliases", parts.anyKey(principal.accountId));
    const keyId =
      input.KeyId === undefined ? undefined : parts.keys.resolve(input.KeyId, principal.accountId, now).keyId;
    const left = parts.keys
      .aliases(principal.accountId)
      .filter((alias) => (keyId === undefined || alias.keyId === keyId) && alias.name > (input.Marker ?? ""));
    const page = left.slice(0, input.Limit ?? 50);
    const last = page.at(-1);
    const truncated = left.length > page.length;
    return {
      Aliases: page.map((alias) => ({
        AliasName: alias.name,
        AliasArn: alias.arn,
        TargetKeyId: alias.keyId,
        CreationDate: alias.createdAt / 1000,
        LastUpdatedDate: alias.createdAt / 1000,
      })),
      Truncated: truncated,
      ...(truncated && last && { NextMarker: last.name }),
    };
  });
}

const keyOnly = z.object({ KeyId: keyReference });

export function describeKey(parts: KmsParts): Operation {
  return operation(keyOnly, (input, context) => ({
    KeyMetadata: metadataOf(keyFor(parts, "kms:DescribeKey", input.KeyId, context)),
  }));
}

export function disableKey(parts: KmsParts): Operation {
  return operation(keyOnly, (input, context) => {
    const key = governed(parts, "kms:DisableKey", input.KeyId, context);
    requireNotPending(key);
    parts.keys.replace({ ...key, enabled: false });
    return undefined;
  });
}

export function enableKey(parts: KmsParts): Operation {
  return operation(keyOnly, (input, context) => {
    const key = governed(parts, "kms:EnableKey", input.KeyId, context);
    requireNotPending(key);
    parts.keys.replace({ ...key, enabled: true });
    return undefined;
  });
}

const DAY = 86_400_000;

const scheduleKeyDeletionInput = z.object({ KeyId: keyReference, PendingWindowInDays: integer(7, 30).optional() });

export function scheduleKeyDeletion(parts: KmsParts): Operation {
  return operation(scheduleKeyDeletionInput, (input, context) => {
    const key = governed(parts, "kms:ScheduleKeyDeletion", input.KeyId, context);
    requireNotPending(key);
    const days = input.PendingWindowInDays ?? 30;
    const deletionAt = context.now + days * DAY;
    parts.keys.replace({ ...key, enabled: false, deletionAt });
    return { KeyId: key.arn, DeletionDate: deletionAt / 1000, KeyState: "PendingDeletion", PendingWindowInDays: days };
  });
}

export function cancelKeyDeletion(parts: KmsParts): Operation {
  return operation(keyOnly, (input, context) => {
    const key = governed(parts, "kms:CancelKeyDeletion", input.KeyId, context);
    if (key.deletionAt === undefined) {
      throw new AwsError("KMSInvalidStateException", `${key.arn} is not pending deletion.`);
    }
    const { deletionAt: _, ...kept } = key;
    parts.keys.replace(kept);
    return { KeyId: key.arn };
  });
}

/** Keys are governed by id or ARN; AWS takes no alias there. */
function governed(parts: KmsParts, action: string, reference: string, context: CallContext): KeyState {
  if (reference.includes("alias/")) throw new AwsError("NotFoundException", `Invalid keyId '${reference}'`);
  return keyFor(parts, action, reference, context);
}
