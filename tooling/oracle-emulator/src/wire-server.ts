/** The listener: a port where sessions of any engine are served, and what tests do to its connections. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { type Clock, systemClock } from "@das/core";
import { BlackHole } from "./black-hole.ts";
import { makeServerCertificate } from "./certificates.ts";
import type { Engine, LogOn } from "./engine-session.ts";
import { FaultPlan } from "./faults.ts";
import { DEFAULT_DATA_UNIT } from "./protocol/packets.ts";
import { type SessionHost, serveConnection } from "./session.ts";
import { StatementLog } from "./statement-log.ts";

/** `off`: no certificate. `on`: TCP and TCPS on the same port. `required`: TCPS only. */
export type TlsMode = "off" | "on" | "required";

export interface WireServerOptions {
  /** Loopback only, unless another address is given. Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Default `on`. */
  readonly tls?: TlsMode;
  /** The largest packet, in bytes: SDU. Default 8192. */
  readonly dataUnit?: number;
  readonly clock?: Clock;
}

/** One that is logged on. */
interface OpenSession {
  readonly id: number;
  readonly logOn: LogOn;
  /** The server ends it: its locks go, and its connection is cut. */
  kill(): void;
}

export interface WireServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority; undefined without TLS. */
  readonly ca: string | undefined;
  /** What stands in the client's `ewallet.pem`: the authority, and a certificate and key of its own. */
  readonly walletContent: string | undefined;
  readonly faults: FaultPlan;
  readonly blackHole: BlackHole;
  readonly statements: StatementLog;
  /** Who is connected, logged on or not yet. */
  readonly connectionCount: number;
  readonly sessions: readonly OpenSession[];
  /** Every log-on since the start, oldest first. */
  readonly logOns: readonly LogOn[];
  /** Every connection is cut, as when the network goes. */
  killConnections(): void;
  /** Nobody is let in any more until `openPort`, which may be another one; what is connected stays. */
  closePort(): Promise<void>;
  openPort(port?: number): Promise<void>;
}

const FIRST_SESSION = 101;

/** @throws when the port is taken (code EADDRINUSE). */
export async function startWireServer(engine: Engine, options: WireServerOptions = {}): Promise<WireServer> {
  const { host = "127.0.0.1", tls = "on", clock = systemClock, dataUnit = DEFAULT_DATA_UNIT } = options;
  const certificate = tls === "off" ? undefined : makeServerCertificate(clock.now());
  const faults = new FaultPlan();
  const blackHole = new BlackHole();
  const statements = new StatementLog();
  const logOns: LogOn[] = [];
  const connections = new Map<number, { readonly socket: Socket; readonly ended: Promise<void>; logOn?: LogOn }>();

  const sessionHost: SessionHost = {
    engine,
    faults,
    blackHole,
    log: statements,
    dataUnit,
    secureContext: certificate && createSecureContext({ cert: certificate.certificate, key: certificate.key }),
    tlsOnly: tls === "required",
    delay: (milliseconds) => clock.sleep(milliseconds),
    loggedOn: (sessionId, logOn) => {
      logOns.push(logOn);
      const connection = connections.get(sessionId);
      if (connection) connection.logOn = logOn;
    },
  };

  let lastId = FIRST_SESSION - 1;
  const accept = (socket: Socket) => {
    if (faults.take("connect")) {
      socket.resetAndDestroy();
      return;
    }
    lastId += 1;
    const id = lastId;
    const ended = serveConnection(socket, sessionHost, id).finally(() => connections.delete(id));
    connections.set(id, { socket, ended });
  };

  let server = await listen(accept, host, options.port ?? 0);
  let port = portOf(server);
  const closePort = () => stopListening(server);

  return {
    host,
    ca: certificate?.ca,
    walletContent: certificate?.wallet,
    faults,
    blackHole,
    statements,
    logOns,
    get port() {
      return port;
    },
    get connectionCount() {
      return connections.size;
    },
    get sessions() {
      return [...connections].flatMap(([id, { socket, logOn }]) =>
        logOn ? [{ id, logOn, kill: () => socket.resetAndDestroy() }] : [],
      );
    },
    killConnections: () => {
      for (const { socket } of connections.values()) socket.resetAndDestroy();
    },
    closePort,
    openPort: async (newPort = port) => {
      server = await listen(accept, host, newPort);
      port = portOf(server);
    },
    [Symbol.asyncDispose]: async () => {
      const closed = closePort();
      for (const { socket } of connections.values()) socket.destroy();
      await Promise.all([...connections.values()].map(({ ended }) => ended));
      await closed;
    },
  };
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
  if (address === null || typeof address === "string") throw new Error("oracle-emulator: the server does not listen");
  return address.port;
}
