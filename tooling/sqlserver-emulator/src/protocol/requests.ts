/** MS-TDS 2.2.5.3 ALL_HEADERS, 2.2.6.7 SQLBatch, 2.2.6.6 RPC request, 2.2.6.9 transaction manager request. */
import type { SqlType, SqlValue } from "../sql-types.ts";
import { ByteReader } from "./byte-reader.ts";
import { readParameterValue } from "./parameter-types.ts";

interface RequestParameter {
  /** With its `@`; empty when the client passes it by position. */
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
}

export interface RpcRequest {
  readonly procedure: string;
  readonly parameters: readonly RequestParameter[];
}

/** 2.2.6.6: procedures that have a number. The others prepare statements or open cursors, which readers do not. */
const NUMBERED_PROCEDURES: Readonly<Record<number, string>> = { 10: "sp_executesql" };

export function parseBatch(payload: Buffer): string {
  const reader = new ByteReader(payload);
  skipHeaders(reader);
  return reader.rest().toString("utf16le");
}

export function parseRpc(payload: Buffer): RpcRequest {
  const reader = new ByteReader(payload);
  skipHeaders(reader);
  const length = reader.u16();
  const number = length === 0xffff ? reader.u16() : undefined;
  const procedure =
    number === undefined
      ? reader.bytes(2 * length).toString("utf16le")
      : (NUMBERED_PROCEDURES[number] ?? `procedure number ${number}`);
  reader.u16();
  const parameters: RequestParameter[] = [];
  while (!reader.atEnd) {
    const name = reader.shortText();
    reader.u8();
    parameters.push({ name, ...readParameterValue(reader) });
  }
  return { procedure, parameters };
}

export interface TransactionRequest {
  /** Undefined for kinds that are not served, such as savepoints. */
  readonly verb: "begin" | "commit" | "rollback" | undefined;
  /** COMMIT and ROLLBACK may begin the next one. */
  readonly beginsNext: boolean;
}

const TRANSACTION_VERBS: Readonly<Record<number, TransactionRequest["verb"]>> = {
  5: "begin",
  7: "commit",
  8: "rollback",
};

/** 2.2.6.9 transaction manager request. */
export function parseTransactionRequest(payload: Buffer): TransactionRequest {
  const reader = new ByteReader(payload);
  skipHeaders(reader);
  const verb = TRANSACTION_VERBS[reader.u16()];
  if (verb !== "commit" && verb !== "rollback") return { verb, beginsNext: false };
  reader.bytes(reader.u8());
  return { verb, beginsNext: (reader.u8() & 1) === 1 };
}

function skipHeaders(reader: ByteReader): void {
  reader.bytes(reader.u32() - 4);
}
