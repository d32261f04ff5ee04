/** Oracle notes §7.3: a request is any number of piggybacks, and one message or function behind them. */
import { type Authentication, readAuthentication, type TextStyle } from "./authentication.ts";
import { ByteReader } from "./byte-reader.ts";
import { type DataTypes, readDataTypes } from "./data-types.ts";
import { type Execute, type KnownBinds, type Reexecute, readExecute, readReexecute } from "./execute.ts";
import { type LobOperation, readLobOperation } from "./lob-operation.ts";
import { FUNCTION, type FunctionName, MESSAGE_TYPE } from "./message-types.ts";
import { NETWORK_SERVICES_BYTE, skipNetworkServices } from "./network-services.ts";
import { type Piggyback, readPiggyback } from "./piggybacks.ts";
import { ProtocolError } from "./protocol-error.ts";
import { readProtocol } from "./protocol-message.ts";

export type FunctionCall =
  | ({ readonly function: "authenticatePhaseOne" | "authenticatePhaseTwo" } & Authentication)
  | Execute
  | Reexecute
  | { readonly function: "fetch"; readonly cursorId: number; readonly rows: number }
  | LobOperation
  | { readonly function: "commit" | "rollback" | "ping" | "logOff" };

export type Negotiation =
  | { readonly negotiation: "networkServices" }
  | { readonly negotiation: "protocol"; readonly driver: string }
  | ({ readonly negotiation: "dataTypes" } & DataTypes);

export type Request = { readonly piggybacks: readonly Piggyback[]; readonly length: number } & (
  | { readonly call: FunctionCall; readonly negotiation?: undefined }
  | { readonly negotiation: Negotiation; readonly call?: undefined }
);

/** What the connection has agreed on, and what it remembers, by which requests are read. */
export interface RequestContext {
  readonly fieldVersion: number;
  readonly textStyle: TextStyle;
  bindsOf(cursorId: number): KnownBinds | undefined;
}

/** @throws IncompleteMessage when more bytes have to come; ProtocolError when it is no request, or none that is served */
export function parseRequest(bytes: Buffer, context: RequestContext): Request {
  const reader = new ByteReader(bytes);
  const piggybacks: Piggyback[] = [];
  while (reader.peek() === MESSAGE_TYPE.piggyback) {
    reader.u8();
    const code = reader.u8();
    reader.u8();
    piggybacks.push(readPiggyback(reader, code, context.textStyle));
  }
  const negotiation = readNegotiation(reader);
  if (negotiation) return { piggybacks, negotiation, length: reader.position };
  const type = reader.u8();
  if (type !== MESSAGE_TYPE.function) throw new ProtocolError(`message ${type}`);
  const code = reader.u8();
  reader.u8();
  const call = readFunction(reader, code, context);
  return { piggybacks, call, length: reader.position };
}

function readNegotiation(reader: ByteReader): Negotiation | undefined {
  switch (reader.peek()) {
    case NETWORK_SERVICES_BYTE:
      skipNetworkServices(reader);
      return { negotiation: "networkServices" };
    case MESSAGE_TYPE.protocol:
      reader.u8();
      return { negotiation: "protocol", driver: readProtocol(reader) };
    case MESSAGE_TYPE.dataTypes:
      return { negotiation: "dataTypes", ...readDataTypes(reader) };
    default:
      return undefined;
  }
}

const FUNCTION_NAMES = new Map(Object.entries(FUNCTION).map(([name, code]) => [code, name as FunctionName]));

function readFunction(
  reader: ByteReader,
  code: number,
  { fieldVersion, textStyle, bindsOf }: RequestContext,
): FunctionCall {
  const name = FUNCTION_NAMES.get(code as (typeof FUNCTION)[FunctionName]);
  switch (name) {
    case "authenticatePhaseOne":
    case "authenticatePhaseTwo":
      return { function: name, ...readAuthentication(reader) };
    case "execute":
      return readExecute(reader, fieldVersion, textStyle);
    case "reexecute":
    case "reexecuteAndFetch":
      return readReexecute(reader, name, bindsOf);
    case "fetch":
      return { function: name, cursorId: reader.ub(), rows: reader.ub() };
    case "lobOperation":
      return readLobOperation(reader);
    case "commit":
    case "rollback":
    case "ping":
    case "logOff":
      return { function: name };
    case undefined:
      throw new ProtocolError(`function ${code}`);
  }
}
