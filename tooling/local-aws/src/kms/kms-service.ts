import type { Service } from "../operation.ts";
import { decrypt, encrypt, generateDataKey } from "./data-operations.ts";
import {
  cancelKeyDeletion,
  createAlias,
  createKey,
  describeKey,
  disableKey,
  enableKey,
  listAliases,
  scheduleKeyDeletion,
} from "./key-operations.ts";
import type { KmsParts } from "./kms-parts.ts";

export function kmsService(parts: KmsParts): Service {
  return {
    target: "TrentService",
    operations: {
      CancelKeyDeletion: cancelKeyDeletion(parts),
      CreateAlias: createAlias(parts),
      CreateKey: createKey(parts),
      Decrypt: decrypt(parts),
      DescribeKey: describeKey(parts),
      DisableKey: disableKey(parts),
      EnableKey: enableKey(parts),
      Encrypt: encrypt(parts),
      GenerateDataKey: generateDataKey(parts),
      ListAliases: listAliases(parts),
      ScheduleKeyDeletion: scheduleKeyDeletion(parts),
    },
    streamOf: () => undefined,
  };
}
