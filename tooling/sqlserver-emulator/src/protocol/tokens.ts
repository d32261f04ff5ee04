/** MS-TDS 2.2.7: the tokens of a reply. */
import type { SqlType } from "../sql-types.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { codecOf } from "./types.ts";

const TOKEN = {
  returnStatus: 0x79,
  columnMetadata: 0x81,
  error: 0xaa,
  info: 0xab,
  loginAck: 0xad,
  row: 0xd1,
  nullBitmapRow: 0xd2,
  environmentChange: 0xe3,
  done: 0xfd,
  doneProcedure: 0xfe,
  doneInProcedure: 0xff,
};

export const ROW_TOKEN = TOKEN.row;
export const NULL_BITMAP_ROW_TOKEN = TOKEN.nullBitmapRow;

/** 2.2.7.10 INFO and 2.2.7.11 ERROR have one shape. */
export interface ServerMessage {
  readonly number: number;
  readonly severity: number;
  readonly state: number;
  readonly text: string;
  readonly procedure?: string;
  readonly line?: number;
}

/** Severities above it are errors. */
const HIGHEST_INFORMATION = 10;

export function writeServerMessage(out: ByteWriter, message: ServerMessage, serverName: string): void {
  const procedure = message.procedure ?? "";
  out.u8(message.severity > HIGHEST_INFORMATION ? TOKEN.error : TOKEN.info);
  out.u16(4 + 1 + 1 + 2 + 2 * message.text.length + 1 + 2 * serverName.length + 1 + 2 * procedure.length + 4);
  out.u32(message.number);
  out.u8(message.state);
  out.u8(message.severity);
  out.text(message.text);
  out.shortText(serverName);
  out.shortText(procedure);
  out.u32(message.line ?? 1);
}

/** 2.2.7.9 ENVCHANGE of a text. */
export function writeEnvironmentChange(
  out: ByteWriter,
  what: "database" | "language" | "packetSize",
  now: string,
  before: string,
): void {
  out.u8(TOKEN.environmentChange);
  out.u16(1 + 1 + 2 * now.length + 1 + 2 * before.length);
  out.u8({ database: 1, language: 2, packetSize: 4 }[what]);
  out.shortText(now);
  out.shortText(before);
}

/** 2.2.7.9, type 7: the collation SQL_Latin1_General_CP1_CI_AS. */
export function writeCollationChange(out: ByteWriter): void {
  out.bytes(Buffer.of(TOKEN.environmentChange, 8, 0, 7, 5, 0x09, 0x04, 0xd0, 0x00, 0x34, 0));
}

/** 2.2.7.9, type 18: the answer to RESETCONNECTION. */
export function writeResetAcknowledgement(out: ByteWriter): void {
  out.bytes(Buffer.of(TOKEN.environmentChange, 3, 0, 18, 0, 0));
}

const TRANSACTION_CHANGE = { begin: 8, commit: 9, rollback: 10 };

/** 2.2.7.9, types 8 to 10: a transaction began, and the client names it from now on; or it ended. */
export function writeTransactionChange(
  out: ByteWriter,
  what: keyof typeof TRANSACTION_CHANGE,
  descriptor: bigint,
): void {
  const name = Buffer.alloc(8);
  name.writeBigUInt64LE(descriptor);
  const [now, before] = what === "begin" ? [name, Buffer.alloc(0)] : [Buffer.alloc(0), name];
  const parts = Buffer.concat([Buffer.of(now.length), now, Buffer.of(before.length), before]);
  out.bytes(Buffer.of(TOKEN.environmentChange, 1 + parts.length, 0, TRANSACTION_CHANGE[what]));
  out.bytes(parts);
}

/** 2.2.7.14 LOGINACK. The version is big-endian, unlike in LOGIN7. */
export function writeLoginAck(out: ByteWriter, tdsVersion: number, productVersion: string): void {
  const program = "Microsoft SQL Server";
  const [major = 0, minor = 0, build = 0] = productVersion.split(".").map(Number);
  out.u8(TOKEN.loginAck);
  out.u16(1 + 4 + 1 + 2 * program.length + 4);
  out.u8(1);
  out.u32be(tdsVersion);
  out.shortText(program);
  out.u8(major);
  out.u8(minor);
  out.u16be(build);
}

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
}

/** 2.2.7.4 COLMETADATA. */
export function writeColumnMetadata(out: ByteWriter, columns: readonly ResultColumn[]): void {
  out.u8(TOKEN.columnMetadata);
  out.u16(columns.length);
  for (const column of columns) {
    out.u32(0);
    out.u16(column.nullable ? 0x09 : 0x08);
    codecOf(column.type).typeInfo(out);
    out.shortText(column.name);
  }
}

export type DoneKind = "statement" | "inProcedure" | "procedure";

export interface DoneFlags {
  readonly more?: boolean;
  readonly error?: boolean;
  readonly attention?: boolean;
  readonly count?: number;
}

const DONE_TOKEN = { statement: TOKEN.done, inProcedure: TOKEN.doneInProcedure, procedure: TOKEN.doneProcedure };
/** The command that DONE names; clients do not look at it. */
const SELECT_COMMAND = 0xc1;

/** 2.2.7.6 to 2.2.7.8. */
export function writeDone(out: ByteWriter, kind: DoneKind, flags: DoneFlags): void {
  let status = 0;
  if (flags.more) status |= 0x01;
  if (flags.error) status |= 0x02;
  if (flags.count !== undefined) status |= 0x10;
  if (flags.attention) status |= 0x20;
  out.u8(DONE_TOKEN[kind]);
  out.u16(status);
  out.u16(flags.count === undefined ? 0 : SELECT_COMMAND);
  out.i64(flags.count ?? 0);
}

/** 2.2.7.18 RETURNSTATUS. */
export function writeReturnStatus(out: ByteWriter, value: number): void {
  out.u8(TOKEN.returnStatus);
  out.u32(value);
}
