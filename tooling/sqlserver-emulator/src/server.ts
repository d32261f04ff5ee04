import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "@das/core";
import { catalogOf } from "./catalog/catalog.ts";
import { makeServerCertificate } from "./certificates.ts";
import {
  DEFAULT_AUDITS,
  type DefaultAuditOptions,
  defaultInstance,
  defaultTrail,
  readerLogin,
  withoutStream,
} from "./default-instance.ts";
import { EncodedBlocks } from "./encoded-blocks.ts";
import { Engine } from "./engine.ts";
import { failedLoginRow } from "./failed-login.ts";
import { FaultPlan } from "./faults.ts";
import { secureContextsOf } from "./greeting.ts";
import type { Instance } from "./instance.ts";
import { eventTime } from "./model/audit-row.ts";
import { startInstance, stopInstance } from "./model/audit-state.ts";
import { type AuditTrail, emptyTrail, type TrailBehaviour } from "./model/audit-trail.ts";
import { recordAction } from "./model/audited-action.ts";
import { findLogin } from "./principals.ts";
import type { Login } from "./protocol/login7.ts";
import { type SessionHost, serveConnection } from "./session.ts";
import { StatementLog } from "./statement-log.ts";
import { type SqlServerVersion, VERSION_PROFILES, type VersionProfile } from "./version-profiles.ts";

/** `off`: no certificate. `on`: TLS for whoever wants it. `required`: Force Encryption. `strict`: only TDS 8. */
export type TlsMode = "off" | "on" | "required" | "strict";

export interface SqlServerEmulatorOptions {
  /** Loopback only, unless another address is given. Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Default 2022. */
  readonly version?: SqlServerVersion;
  /** Default `on`. */
  readonly tls?: TlsMode;
  /** The reader's login; default `das` with a random password. */
  readonly user?: string;
  readonly password?: string;
  /** `HOST` or `HOST\INSTANCE`, as SERVERPROPERTY('ServerName') gives it and the rows bear it. */
  readonly instanceName?: string;
  readonly audits?: Partial<DefaultAuditOptions>;
  /** False: nothing of the activity stream is there, not even the reader's login; `sa` has its password. Default true. */
  readonly provisioned?: boolean;
  readonly behaviour?: Partial<TrailBehaviour>;
  /** Instead of the two default audits. */
  readonly trail?: AuditTrail;
  readonly instance?: Partial<Instance>;
  /** Are failed logins at the emulator itself audited, where a specification wants them? Default true. */
  readonly auditFailedLogins?: boolean;
  readonly clock?: Clock;
  /** Bytes of encoded rows that are kept; default 64 MiB. */
  readonly encodedBytes?: number;
}

export interface SqlServerEmulator extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** PEM; undefined without TLS. */
  readonly ca: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly profile: VersionProfile;
  /** The audits and their files as they are now. */
  readonly trail: AuditTrail;
  readonly instance: Instance;
  readonly faults: FaultPlan;
  readonly statements: StatementLog;
  readonly sessionCount: number;
  /** The server's clock: milliseconds since 1970. */
  now(): number;
  shiftClock(milliseconds: number): void;
  /** Applies a transition of the model at the server's present time. */
  change(transition: (trail: AuditTrail, now: number) => AuditTrail): void;
  changeInstance(change: Partial<Instance>): void;
  /** Every connection is cut, as when the network goes. */
  killConnections(): void;
  /** Cuts the connections of those who work in one of these databases. */
  killSessionsIn(databases: readonly string[]): void;
  /** Nobody is let in any more until `openPort`, which may be another one; what is connected stays. */
  closePort(): Promise<void>;
  openPort(port?: number): Promise<void>;
  /** False between `shutDown` and `startUp`. */
  readonly isRunning: boolean;
  /** The instance stops, cleanly or not; its files stay. Resolves when nobody is connected any more. */
  shutDown(kind: "clean" | "crash"): Promise<void>;
  /**
   * It runs again, at the same port and with the same files.
   * @param options.node of a failover cluster: where it runs now
   */
  startUp(options?: { readonly flag?: "-f" | "-m"; readonly node?: string }): Promise<void>;
}

const FIRST_USER_SESSION = 51;
const MEBIBYTE = 1024 * 1024;

/** @throws when the port is taken (code EADDRINUSE). */
export async function startSqlServerEmulator(options: SqlServerEmulatorOptions = {}): Promise<SqlServerEmulator> {
  const { host = "127.0.0.1", tls = "on", user = "das", instanceName = "SQLEMU01", clock = systemClock } = options;
  const password = options.password ?? randomBytes(12).toString("base64url");
  const profile = VERSION_PROFILES[options.version ?? "2022"];
  const started = clock.now();
  const { provisioned = true, behaviour = {} } = options;
  const standard = defaultInstance(instanceName, readerLogin(profile, user, password), started);
  const instance = { ...(provisioned ? standard : withoutStream(standard)), ...options.instance };
  const audits = { ...DEFAULT_AUDITS, ...options.audits };
  const trail =
    options.trail ??
    (provisioned ? defaultTrail(instanceName, audits, user, behaviour, started) : emptyTrail(instanceName, behaviour));
  const engine = new Engine(profile, clock, instance, trail);
  const certificate = tls === "off" ? undefined : makeServerCertificate(clock.now());

  const faults = new FaultPlan();
  const statements = new StatementLog();
  const sessionHost: SessionHost = {
    engine,
    catalog: catalogOf(profile),
    faults,
    log: statements,
    blocks: new EncodedBlocks(options.encodedBytes ?? 64 * MEBIBYTE),
    secureContexts: certificate && secureContextsOf(certificate),
    productVersion: profile.productVersion,
    encryption: tls === "strict" ? "on" : tls,
    strictOnly: tls === "strict",
    delay: (milliseconds) => clock.sleep(milliseconds),
    loginFailed: (login, clientAddress) => {
      if (options.auditFailedLogins ?? true) auditFailedLogin(engine, login, clientAddress);
    },
  };

  const connections = new Map<number, { readonly socket: Socket; readonly ended: Promise<void> }>();
  const accept = (socket: Socket) => {
    if (faults.take("connect")) {
      socket.resetAndDestroy();
      return;
    }
    let sessionId = FIRST_USER_SESSION;
    while (connections.has(sessionId)) sessionId += 1;
    const ended = serveConnection(socket, sessionHost, sessionId).finally(() => connections.delete(sessionId));
    connections.set(sessionId, { socket, ended });
  };

  let server = await listen(accept, host, options.port ?? 0);
  let port = portOf(server);
  let isRunning = true;
  const closePort = () => stopListening(server);
  const openPort = async (newPort = port) => {
    server = await listen(accept, host, newPort);
    port = portOf(server);
  };
  const killConnections = () => {
    for (const { socket } of connections.values()) socket.resetAndDestroy();
  };

  return {
    host,
    ca: certificate?.ca,
    user,
    password,
    profile,
    faults,
    statements,
    get port() {
      return port;
    },
    get trail() {
      return engine.trail;
    },
    get instance() {
      return engine.instance;
    },
    get sessionCount() {
      return connections.size;
    },
    get isRunning() {
      return isRunning;
    },
    now: () => engine.now(),
    shiftClock: (milliseconds) => engine.shiftClock(milliseconds),
    change: (transition) => engine.changeTrail(transition),
    changeInstance: (change) => engine.changeInstance(change),
    killConnections,
    killSessionsIn: (databases) => {
      const names = new Set(databases.map((name) => name.toLowerCase()));
      for (const { state, kill } of engine.sessions.values()) if (names.has(state.database.toLowerCase())) kill();
    },
    closePort,
    openPort,
    shutDown: async (kind) => {
      if (!isRunning) return;
      isRunning = false;
      engine.changeTrail((before, now) => stopInstance(before, kind, now));
      const closed = closePort();
      const ended = [...connections.values()].map((connection) => connection.ended);
      killConnections();
      await Promise.all([closed, ...ended]);
    },
    startUp: async ({ flag, node } = {}) => {
      if (isRunning) return;
      engine.changeTrail((before, now) => startInstance(before, now, flag));
      engine.changeInstance({ startedAt: engine.now(), ...(node !== undefined && ownedBy(node, engine.instance)) });
      isRunning = true;
      await openPort();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = closePort();
      for (const { socket } of connections.values()) socket.destroy();
      await Promise.all([...connections.values()].map(({ ended }) => ended));
      await closed;
    },
  };
}

function ownedBy(node: string, { clusterNodes }: Instance): Partial<Instance> {
  return { physicalNode: node, clusterNodes: [node, ...clusterNodes.filter((name) => name !== node)] };
}

async function listen(accept: (socket: Socket) => void, host: string, port: number): Promise<Server> {
  const server = createServer({ noDelay: true, highWaterMark: 256 * 1024 }, accept);
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

/** Resolves when nobody is let in any more, without waiting for who is connected. */
async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await new Promise(setImmediate);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("sqlserver-emulator: the server does not listen");
  return address.port;
}

function auditFailedLogin(engine: Engine, login: Login, clientAddress: string): void {
  const isKnown = findLogin(engine.instance, login.userName) !== undefined;
  engine.changeTrail((trail, now) => {
    const row = failedLoginRow({
      loginName: login.userName,
      reason: isKnown ? "wrongPassword" : "unknownLogin",
      clientAddress,
      applicationName: login.applicationName,
      hostName: login.hostName,
      serverInstanceName: trail.serverInstanceName,
      connectionId: randomUUID().toUpperCase(),
      sequenceGroupId: `0x${randomBytes(16).toString("hex")}`,
      eventTime: eventTime(now),
    });
    return recordAction(trail, "FAILED_LOGIN_GROUP", null, row, now);
  });
}
