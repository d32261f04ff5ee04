/** Oracle notes §7.3 and §7.4: what is agreed on, and who it is. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ConnectTarget, Engine, EngineSession, LogOn, ServerIdentity } from "./engine-session.ts";
import { errorOf, type FaultPlan } from "./faults.ts";
import { OracleError, reportOf } from "./oracle-error.ts";
import { type Authentication, type Parameter, type TextStyle, writeParameters } from "./protocol/authentication.ts";
import { ByteWriter } from "./protocol/byte-writer.ts";
import { writeDataTypes } from "./protocol/data-types.ts";
import type { ScaleStyle } from "./protocol/describe.ts";
import { writeEndOfCall, writeStatus } from "./protocol/end-of-call.ts";
import { networkServicesAnswer } from "./protocol/network-services.ts";
import type { ReplyWriter } from "./protocol/packets.ts";
import { ProtocolError } from "./protocol/protocol-error.ts";
import { FIELD_VERSION, writeProtocol } from "./protocol/protocol-message.ts";
import type { FunctionCall, Negotiation } from "./protocol/requests.ts";
import { type Challenge, makeChallenge } from "./protocol/verifier.ts";
import type { RequestStream } from "./request-stream.ts";
import type { StatementLog } from "./statement-log.ts";

export interface LogOnHost {
  readonly engine: Engine;
  readonly faults: FaultPlan;
  readonly log: StatementLog;
}

export interface LogOnParts {
  readonly requests: RequestStream;
  readonly writer: ReplyWriter;
  readonly socket: Socket;
  readonly stream: Socket;
  readonly target: ConnectTarget;
}

export interface LoggedOn {
  readonly engineSession: EngineSession;
  readonly logOn: LogOn;
  /** How the client writes and reads what differs between drivers. */
  readonly fieldVersion: number;
  readonly textStyle: TextStyle;
  readonly scaleStyle: ScaleStyle;
}

const WRONG_PASSWORD = new OracleError(1017, "invalid username/password; logon denied");

/** Undefined when the log-on failed, which was said, or the client has gone. @throws ProtocolError */
export async function logOn(parts: LogOnParts, host: LogOnHost): Promise<LoggedOn | undefined> {
  const { requests, writer } = parts;
  const { engine, log } = host;
  const out = new ByteWriter();
  const agreed = { fieldVersion: FIELD_VERSION, textStyle: "counted" as TextStyle, bindsOf: () => undefined };
  let told = new Map<string, string>();
  let challenge: Challenge | undefined;
  for (;;) {
    const request = await requests.next(agreed);
    if (!request) return undefined;
    if (request.negotiation) {
      if (request.negotiation.negotiation === "dataTypes")
        agreed.fieldVersion = Math.min(FIELD_VERSION, request.negotiation.fieldVersion);
      answerNegotiation(out, request.negotiation, engine.identity);
    } else {
      const call = authenticationOf(request.call);
      log.called(call.function);
      told = new Map([...told, ...call.values]);
      if (call.function === "authenticatePhaseTwo") {
        if (!challenge) throw new ProtocolError("an answer before the challenge");
        const outcome = await admit(call, told, challenge, parts, host);
        writeOutcome(out, outcome, engine.identity);
        await send(writer, out);
        if (outcome instanceof OracleError) return undefined;
        const scaleStyle: ScaleStyle = /^python-oracledb thn : [01]\./.test(outcome.logOn.driver) ? "sb2" : "byte";
        return { ...outcome, fieldVersion: agreed.fieldVersion, textStyle: call.textStyle, scaleStyle };
      }
      agreed.textStyle = call.textStyle;
      // Who does not exist meets a password that nobody knows.
      challenge = await makeChallenge(engine.passwordOf(call.user) ?? randomBytes(16).toString("hex"));
      writeParameters(out, challenge.parameters);
      writeStatus(out);
    }
    await send(writer, out);
  }
}

function authenticationOf(
  call: FunctionCall,
): Extract<FunctionCall, { readonly function: "authenticatePhaseOne" | "authenticatePhaseTwo" }> {
  if (call.function === "authenticatePhaseOne" || call.function === "authenticatePhaseTwo") return call;
  throw new ProtocolError(`function ${call.function} before the log-on`);
}

function answerNegotiation(out: ByteWriter, negotiation: Negotiation, identity: ServerIdentity): void {
  switch (negotiation.negotiation) {
    case "networkServices":
      out.bytes(networkServicesAnswer());
      return;
    case "protocol":
      writeProtocol(out, identity.banner);
      return;
    case "dataTypes":
      writeDataTypes(out, negotiation);
      return;
  }
}

interface Admitted {
  readonly engineSession: EngineSession;
  readonly logOn: LogOn;
  readonly response: string;
}

async function admit(
  call: Authentication,
  told: ReadonlyMap<string, string>,
  challenge: Challenge,
  parts: LogOnParts,
  { engine, faults }: LogOnHost,
): Promise<Admitted | OracleError> {
  const asked = logOnOf(call, told, parts);
  const fault = faults.take("logOn");
  if (fault) return errorOf(fault.error);
  const response = await challenge.answer(told.get("AUTH_SESSKEY") ?? "", told.get("AUTH_PASSWORD") ?? "");
  if (response === undefined) {
    engine.logOnFailed(asked);
    return WRONG_PASSWORD;
  }
  try {
    return { engineSession: engine.openSession(asked), logOn: asked, response };
  } catch (error) {
    return reportOf(error);
  }
}

function logOnOf(
  { user, mode }: Authentication,
  told: ReadonlyMap<string, string>,
  { socket, stream, target }: LogOnParts,
): LogOn {
  const value = (key: string) => told.get(key) ?? "";
  const alterSession = value("AUTH_ALTER_SESSION").replace(/\0$/, "");
  return {
    user,
    target,
    clientAddress: (socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    clientPort: socket.remotePort ?? 0,
    protocol: stream instanceof TLSSocket ? "tcps" : "tcp",
    program: value("AUTH_PROGRAM_NM"),
    machine: value("AUTH_MACHINE"),
    osUser: value("AUTH_SID"),
    processId: value("AUTH_PID"),
    terminal: value("AUTH_TERMINAL"),
    driver: value("SESSION_CLIENT_DRIVER_NAME"),
    ...(alterSession !== "" && { alterSession }),
    privilege: privilegeOf(mode),
  };
}

const MODE = { sysdba: 0x20, sysoper: 0x40, others: 0x2d40_0080 };

function privilegeOf(mode: number): LogOn["privilege"] {
  if ((mode & MODE.sysdba) !== 0) return "sysdba";
  if ((mode & MODE.sysoper) !== 0) return "sysoper";
  return (mode & MODE.others) !== 0 ? "other" : "normal";
}

function writeOutcome(out: ByteWriter, outcome: Admitted | OracleError, identity: ServerIdentity): void {
  if (outcome instanceof OracleError) {
    writeEndOfCall(out, { number: outcome.number, text: outcome.message });
    return;
  }
  writeParameters(out, welcome(outcome, identity));
  writeStatus(out);
}

function welcome({ engineSession, response }: Admitted, identity: ServerIdentity): readonly Parameter[] {
  return [
    { key: "AUTH_SVR_RESPONSE", value: response },
    { key: "AUTH_VERSION_NO", value: String(versionNumber(identity.version)) },
    { key: "AUTH_SESSION_ID", value: String(engineSession.sessionId) },
    { key: "AUTH_SERIAL_NUM", value: String(engineSession.serialNumber) },
    { key: "AUTH_SC_DBUNIQUE_NAME", value: identity.dbUniqueName },
    { key: "AUTH_SC_REAL_DBUNIQUE_NAME", value: identity.dbUniqueName },
    { key: "AUTH_SC_SERVICE_NAME", value: identity.serviceName },
    { key: "AUTH_INSTANCENAME", value: identity.instanceName },
    { key: "AUTH_DBNAME", value: identity.databaseName },
    { key: "AUTH_MAX_OPEN_CURSORS", value: "300" },
    { key: "AUTH_MAX_IDEN_LENGTH", value: "128" },
  ];
}

/** From release 18 on (field version 11): 8, 8, 4, 8 and 4 bits. */
function versionNumber(version: string): number {
  const [major = 0, update = 0, revision = 0, port = 0, portUpdate = 0] = version.split(".").map(Number);
  return major * 0x100_0000 + (update << 16) + (revision << 12) + (port << 4) + portUpdate;
}

async function send(writer: ReplyWriter, out: ByteWriter): Promise<void> {
  await writer.write(out.take());
  await writer.push();
}
