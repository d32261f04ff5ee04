/** MS-TDS 2.2.6.4, 3.3.5.4: is it a login of this server, and the reply to it. */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { Engine } from "./engine.ts";
import type { FaultPlan } from "./faults.ts";
import type { Greeted } from "./greeting.ts";
import { findDatabase, findLogin, isOnline, userOf } from "./principals.ts";
import { agreedVersion, type Login } from "./protocol/login7.ts";
import { FIRST_PACKET_SIZE, type ReplyWriter } from "./protocol/packets.ts";
import { writeMessage } from "./protocol/short-message.ts";
import {
  type ServerMessage,
  writeCollationChange,
  writeDone,
  writeEnvironmentChange,
  writeLoginAck,
  writeServerMessage,
} from "./protocol/tokens.ts";
import { recordLogin } from "./session-rows.ts";
import type { SessionState } from "./session-state.ts";

const SMALLEST_PACKET_SIZE = 512;
const LARGEST_PACKET_SIZE = 32_767;

export interface LoginHost {
  readonly engine: Engine;
  readonly faults: FaultPlan;
  loginFailed(login: Login, clientAddress: string): void;
}

/** Undefined when the login failed, which was said. */
export async function logIn(
  { login, isEncrypted }: Greeted,
  writer: ReplyWriter,
  socket: Socket,
  host: LoginHost,
  sessionId: number,
): Promise<SessionState | undefined> {
  const { engine, faults } = host;
  const { instance, profile } = engine;
  const known = findLogin(instance, login.userName);
  const isRight = known !== undefined && known.password === login.password && !known.isDisabled;
  const wanted = findDatabase(instance, login.database === "" ? "master" : login.database);
  const mayEnter = isRight && wanted !== undefined && isOnline(wanted) && userOf(instance, wanted, known) !== undefined;
  const database = mayEnter ? wanted : undefined;
  const clientAddress = plainAddress(socket.remoteAddress);
  const refusal = faults.take("login")?.error ?? refusalOf(login, isRight, database !== undefined);
  if (refusal || !known || !database) {
    if (!isRight) host.loginFailed(login, clientAddress);
    await writeMessage(writer, (out) => {
      if (refusal) writeServerMessage(out, refusal, instance.serverName);
      writeDone(out, "statement", { error: true });
    });
    return undefined;
  }
  const packetSize = Math.min(
    Math.max(login.packetSize || FIRST_PACKET_SIZE, SMALLEST_PACKET_SIZE),
    LARGEST_PACKET_SIZE,
  );
  const session: SessionState = {
    id: sessionId,
    // Rights that are granted or revoked count at once, also for who is connected.
    get originalLogin() {
      return engine.instance.logins.find(({ principalId }) => principalId === known.principalId) ?? known;
    },
    get login() {
      const name = this.impersonated.at(-1);
      return (name === undefined ? undefined : findLogin(engine.instance, name)) ?? this.originalLogin;
    },
    impersonated: [],
    hostName: login.hostName,
    applicationName: login.applicationName,
    clientAddress,
    clientPort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
    isEncrypted,
    connectedAt: engine.now(),
    connectionId: randomUUID().toUpperCase(),
    tdsVersion: agreedVersion(login.tdsVersion),
    packetSize,
    database: database.name,
    transaction: null,
  };
  recordLogin(engine, session);
  const inform = (number: number, state: number, text: string) => ({ number, severity: 0, state, text });
  await writeMessage(writer, (out) => {
    writeEnvironmentChange(out, "database", database.name, "master");
    writeServerMessage(out, inform(5701, 2, `Changed database context to '${database.name}'.`), instance.serverName);
    writeCollationChange(out);
    writeEnvironmentChange(out, "language", "us_english", "");
    writeServerMessage(out, inform(5703, 1, "Changed language setting to us_english."), instance.serverName);
    writeLoginAck(out, agreedVersion(login.tdsVersion), profile.productVersion);
    writeEnvironmentChange(out, "packetSize", String(packetSize), String(FIRST_PACKET_SIZE));
    writeDone(out, "statement", {});
  });
  writer.setPacketSize(packetSize);
  return session;
}

function refusalOf(login: Login, isRight: boolean, databaseExists: boolean): ServerMessage | undefined {
  const state = 1;
  if (!isRight) return { number: 18456, severity: 14, state, text: `Login failed for user '${login.userName}'.` };
  if (databaseExists) return undefined;
  return {
    number: 4060,
    severity: 11,
    state,
    text: `Cannot open database "${login.database}" requested by the login. The login failed.`,
  };
}

/** IPv4 without the prefix that a dual-stack socket adds. */
function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/, "");
}
