import { randomBytes } from "node:crypto";
import { systemClock } from "@das/core";
import { findUser } from "./database.ts";
import { defaultDatabase } from "./default-database.ts";
import { OracleEngine } from "./engine.ts";
import { createWorld } from "./model/create-world.ts";
import { shiftClock } from "./model/mishaps.ts";
import { primaryOf, siteNamed, type World } from "./model/world.ts";
import { OracleWorld } from "./oracle-world.ts";
import { type ReleaseName, VERSION_PROFILES, type VersionProfile } from "./version-profiles.ts";
import { startWireServer, type WireServer, type WireServerOptions } from "./wire-server.ts";
import { workContainer } from "./workload/run-workload.ts";

export interface OracleEmulatorOptions extends WireServerOptions {
  /** The reader's account; default DAS_READER with a random password. With `shared`, one that is there. */
  readonly user?: string;
  readonly password?: string;
  /** Of SYS and SYSTEM; random by default. Of no effect where `shared` is given. */
  readonly administratorPassword?: string;
  /** Default 19c. Of no effect where `world` or `shared` is given. */
  readonly release?: ReleaseName;
  /** PDBs by name; default one, none makes a non-CDB. Of no effect where `world` or `shared` is given. */
  readonly pluggables?: readonly string[];
  /** Instead of an empty database without standbys. */
  readonly world?: World;
  /** Of an emulator that runs: this one serves another site or instance of the same database, with the same accounts. */
  readonly shared?: OracleWorld;
  /** DB_UNIQUE_NAME of the site that is served; default the primary. */
  readonly site?: string;
  /** Number of the instance; default 1. */
  readonly instance?: number;
}

export interface OracleEmulator extends WireServer {
  readonly user: string;
  readonly password: string;
  /** Of SYS and SYSTEM. */
  readonly administratorPassword: string;
  readonly profile: VersionProfile;
  /** DB_UNIQUE_NAME. */
  readonly site: string;
  /** Of the container that people work in: the first PDB, or the database itself. */
  readonly serviceName: string;
  readonly shared: OracleWorld;
  readonly engine: OracleEngine;
  /** The database and its standbys as they are now. */
  readonly world: World;
  readonly sessionCount: number;
  /** True time: milliseconds since 1970. The clock of the site may differ from it. */
  now(): number;
  /** Sets the clock of the site forward, or back. */
  shiftClock(milliseconds: number): void;
  /** Applies a transition of the model at the present time. */
  change(transition: (world: World, now: number) => World): void;
}

/** @throws when the port is taken (code EADDRINUSE), or the world has no such site. */
export async function startOracleEmulator(options: OracleEmulatorOptions = {}): Promise<OracleEmulator> {
  const { clock = systemClock, user = "DAS_READER" } = options;
  const shared = options.shared ?? newWorld(options, { name: user, password: options.password ?? randomPassword() });
  const site = options.site ?? primaryOf(shared.world).uniqueName;
  const container = workContainer(siteNamed(shared.world, site));
  const engine = new OracleEngine(shared, { site, instance: options.instance ?? 1 });
  const server = await startWireServer(engine, { ...options, clock });
  const stopServing = server[Symbol.asyncDispose];
  let { sessionPeriod } = engine.site;
  const watch = shared.watch(() => {
    if (engine.site.sessionPeriod === sessionPeriod) return;
    sessionPeriod = engine.site.sessionPeriod;
    server.killConnections();
  });
  return extended(server, {
    user,
    password: passwordOf(shared, user),
    administratorPassword: passwordOf(shared, "SYSTEM"),
    profile: VERSION_PROFILES[shared.world.release],
    site,
    serviceName: container.conId >= 3 ? container.name : shared.world.databaseName,
    shared,
    engine,
    get world() {
      return shared.world;
    },
    get sessionCount() {
      return server.sessions.length;
    },
    now: () => shared.now(),
    shiftClock: (milliseconds: number) => shared.change((world) => shiftClock(world, site, milliseconds)),
    change: (transition: (world: World, now: number) => World) => shared.change(transition),
    [Symbol.asyncDispose]: async () => {
      watch[Symbol.dispose]();
      await stopServing();
    },
  });
}

const DEFAULT_PLUGGABLES = ["SALESPDB"];

function newWorld(
  options: OracleEmulatorOptions,
  reader: { readonly name: string; readonly password: string },
): OracleWorld {
  const { release = "19c", pluggables = DEFAULT_PLUGGABLES, world, clock = systemClock } = options;
  const administratorPassword = options.administratorPassword ?? randomPassword();
  return new OracleWorld({
    world: world ?? createWorld({ release, pluggables }, clock.now()),
    database: defaultDatabase({ reader, administratorPassword }),
    clock,
  });
}

function randomPassword(): string {
  return randomBytes(12).toString("base64url");
}

function passwordOf({ database }: OracleWorld, user: string): string {
  const password = findUser(database, user.toUpperCase())?.password;
  if (!password) throw new Error(`oracle-emulator: nobody can log on as ${user}`);
  return password;
}

/** Getters stay getters, which Object.assign would read once. */
function extended<Base extends object, Own extends object>(base: Base, own: Own): Base & Own {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(own)) as Base & Own;
}
