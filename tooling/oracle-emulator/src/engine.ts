/** What stands behind the wire of one instance: log-ons, sessions, and what they leave in the audit trail. */
import { catalogOf } from "./catalog/catalog.ts";
import { findUser, type StoredRoutine, withInherited } from "./database.ts";
import { Dictionary } from "./dictionary.ts";
import type { ConnectTarget, Engine, EngineSession, LogOn, ServerIdentity } from "./engine-session.ts";
import { coveringPolicies, isAlwaysAudited } from "./model/audit-policy.ts";
import type { NewAuditRow } from "./model/audit-row.ts";
import { endSession } from "./model/session-locks.ts";
import {
  type Container,
  containerMode,
  containerOf,
  type Instance,
  rootOf,
  type Site,
  scnAt,
  siteClock,
  siteNamed,
} from "./model/world.ts";
import { auditAction, destinationOf } from "./model/write-rows.ts";
import { OracleError } from "./oracle-error.ts";
import { OracleSession } from "./oracle-session.ts";
import type { OracleWorld } from "./oracle-world.ts";
import { hasSystemPrivilege } from "./privileges.ts";
import { DEFAULT_FORMATS, type SessionState } from "./session-state.ts";
import { type BlockHost, compileBlock, evaluateNow } from "./sql/compile-block.ts";
import { compileQuery } from "./sql/compile-query.ts";
import type { Catalog, SqlContext, Variable } from "./sql/context.ts";
import { type MessageNumber, oracleError } from "./sql/messages.ts";
import { parseStatement } from "./sql/parse-statement.ts";
import { SERVER_ZONE } from "./sql/server-zone.ts";
import type { SqlValue } from "./sql-types.ts";
import { StatementScans } from "./statement-scan.ts";
import { VERSION_PROFILES, type VersionProfile } from "./version-profiles.ts";

export interface OracleEngineOptions {
  /** DB_UNIQUE_NAME. */
  readonly site: string;
  /** INSTANCE_NUMBER; 1. */
  readonly instance?: number;
}

export class OracleEngine implements Engine {
  readonly shared: OracleWorld;
  readonly siteName: string;
  readonly instanceNumber: number;
  readonly profile: VersionProfile;
  readonly catalog: Catalog;
  /** What each statement looked at, newest last. */
  readonly scans = new StatementScans();
  readonly startedAt: number;
  readonly #sessions = new Map<number, OracleSession>();
  readonly #dictionaries = new Map<string, Dictionary>();

  constructor(shared: OracleWorld, { site, instance = 1 }: OracleEngineOptions) {
    this.shared = shared;
    this.siteName = site;
    this.instanceNumber = instance;
    this.profile = VERSION_PROFILES[shared.world.release];
    this.catalog = catalogOf(this.profile);
    this.startedAt = this.now();
  }

  get site(): Site {
    return siteNamed(this.shared.world, this.siteName);
  }

  get instance(): Instance {
    const found = this.site.instances.find(({ number }) => number === this.instanceNumber);
    if (!found) throw new Error(`oracle-emulator: ${this.siteName} has no instance ${this.instanceNumber}`);
    return found;
  }

  /** The clock of the database. */
  now(): number {
    return siteClock(siteNamed(this.shared.world, this.siteName), this.shared.now());
  }

  /** @param container GUID */
  dictionaryOf(container: string): Dictionary {
    const known = this.#dictionaries.get(container);
    if (known) return known;
    const dictionary = new Dictionary(this.shared, container);
    this.#dictionaries.set(container, dictionary);
    return dictionary;
  }

  get sessions(): readonly SessionState[] {
    return Array.from(this.#sessions.values(), ({ state }) => state);
  }

  get identity(): ServerIdentity {
    const { databaseName } = this.shared.world;
    return {
      version: this.profile.versionFull,
      banner: this.profile.banner,
      databaseName,
      dbUniqueName: this.siteName,
      instanceName: this.instance.name,
      serviceName: this.siteName.toLowerCase(),
    };
  }

  refusalOf(target: ConnectTarget): number | undefined {
    if (this.site.openMode === "DOWN") return target.serviceName === undefined ? 12505 : 12514;
    const container = this.#containerOf(target);
    if (!container) return target.serviceName === undefined ? 12505 : 12514;
    // The service of a PDB that is closed is not known to the listener.
    const isClosed =
      container.conId > 1 && this.site.openMode !== "MOUNTED" && containerMode(this.site, container.guid) === "MOUNTED";
    return isClosed ? 12514 : undefined;
  }

  /** A service is named for its PDB; the database's own leads to the root. */
  #containerOf({ serviceName, sid }: ConnectTarget): Container | undefined {
    const wanted = (serviceName ?? sid ?? "").toUpperCase().split(".")[0] ?? "";
    const { site } = this;
    const { databaseName } = this.shared.world;
    if (serviceName === undefined) return wanted === this.instance.name.toUpperCase() ? rootOf(site) : undefined;
    const own = [databaseName, this.siteName, this.instance.name].map((name) => name.toUpperCase());
    if (own.includes(wanted)) return rootOf(site);
    return site.containers.find(({ name, conId }) => conId > 1 && name.toUpperCase() === wanted);
  }

  /** Of local users of one name in several containers the first one's. */
  passwordOf(user: string): string | undefined {
    return findUser(this.shared.database, foldName(user))?.password ?? undefined;
  }

  openSession(logOn: LogOn): EngineSession {
    const container = this.#containerOf(logOn.target);
    const { database } = container ? this.dictionaryOf(container.guid) : this.shared;
    const user = findUser(database, foldName(logOn.user));
    if (!user || !container) throw oracleError(1017);
    const state = this.#stateOf(user.name, container, logOn);
    const isAdministrator = logOn.privilege === "sysdba" || logOn.privilege === "sysoper";
    const refuse = (code: MessageNumber, details: readonly string[] = []) => {
      this.#recordLogOn(state, code);
      return oracleError(code, details);
    };
    if (user.name === "SYS" && !isAdministrator) throw refuse(28009);
    if (isAdministrator && user.name !== "SYS") throw refuse(1031);
    if (user.isLocked) throw refuse(28000);
    if (!isAdministrator && containerMode(this.site, container.guid) === "MOUNTED") throw oracleError(1033);
    if (!hasSystemPrivilege(database, { user: user.name, roles: state.roles }, "CREATE SESSION"))
      throw refuse(1045, [user.name]);
    const session = new OracleSession(this, state);
    this.#sessions.set(state.sid, session);
    try {
      this.#recordLogOn(state);
    } catch (error) {
      this.#sessions.delete(state.sid);
      throw error;
    }
    return session;
  }

  #stateOf(user: string, container: Container, logOn: LogOn): SessionState {
    const number = this.shared.nextNumber();
    const { database } = this.dictionaryOf(container.guid);
    return {
      ...DEFAULT_FORMATS,
      sid: 100 + number,
      serial: 10_000 + ((number * 7919) % 50_000),
      auditSessionId: auditSessionIdOf(number, this.profile.sessionIdBits),
      user,
      container: container.guid,
      logOn,
      loggedOnAt: this.now(),
      processId: String(20_000 + number),
      currentSchema: user,
      roles: withInherited(database, findUser(database, user)?.roles ?? []),
      timeZone: SERVER_ZONE,
      clientIdentifier: null,
      clientInfo: null,
      module: null,
      action: null,
      period: this.site.sessionPeriod,
      isKilled: false,
    };
  }

  logOnFailed(logOn: LogOn): void {
    const container = this.#containerOf(logOn.target);
    if (container) this.#recordLogOn(this.#stateOf(foldName(logOn.user), container, logOn), 1017);
  }

  /** PMON clears up behind a session that was killed; its client is told at its next statement. */
  endKilled({ sid }: SessionState): void {
    this.#sessions.get(sid)?.close("vanished");
  }

  closeSession(session: SessionState, how: "logged off" | "vanished"): void {
    if (!this.#sessions.delete(session.sid)) return;
    // With the instance went its locks, and whoever would have told of its end.
    if (session.period !== this.site.sessionPeriod) return;
    this.shared.change((world) => endSession(world, this.siteName, this.lockOwner(session)));
    this.#record(session, { ACTION_NAME: how === "logged off" ? "LOGOFF" : "LOGOFF BY CLEANUP" });
  }

  #recordLogOn(session: SessionState, code = 0): void {
    const authentication = this.#authenticationOf(session);
    this.#record(session, { ACTION_NAME: "LOGON", RETURN_CODE: String(code), AUTHENTICATION_TYPE: authentication });
  }

  /** The owner of its locks, the same on all instances of the database. */
  lockOwner({ sid, serial }: SessionState): string {
    return `${this.siteName}:${this.instanceNumber}:${sid},${serial}`;
  }

  isReadOnly(site: Site, container: string): boolean {
    return containerMode(site, container) !== "READ WRITE";
  }

  /** Is there a policy that a statement could fall under? */
  isAuditing({ site, session }: SqlContext): boolean {
    return site.unifiedAuditing !== "off" && containerOf(site, session.container).enabledPolicies.length > 0;
  }

  #authenticationOf({ logOn }: SessionState): string {
    const address = `(PROTOCOL=${logOn.protocol})(HOST=${logOn.clientAddress})(PORT=${logOn.clientPort})`;
    // Without the level of ADDRESS in 21c (Oracle notes §1.3).
    const client = this.profile.major === 21 ? `(${address})` : `((ADDRESS=${address}))`;
    return `(TYPE=(DATABASE));(CLIENT ADDRESS=${client});`;
  }

  /** The columns of an audit record that say who does something. */
  #actor(session: SessionState): NewAuditRow {
    const { logOn } = session;
    return {
      SESSIONID: session.auditSessionId,
      PROXY_SESSIONID: "0",
      OS_USERNAME: logOn.osUser || null,
      USERHOST: logOn.machine || null,
      TERMINAL: logOn.terminal || null,
      AUTHENTICATION_TYPE: this.#authenticationOf(session),
      DBUSERNAME: session.user,
      CURRENT_USER: session.user,
      CLIENT_PROGRAM_NAME: logOn.program || null,
      CLIENT_IDENTIFIER: session.clientIdentifier,
      OS_PROCESS: session.processId,
      INSTANCE_ID: String(this.instanceNumber),
      SCN: scnAt(this.shared.now()),
      DB_UNIQUE_NAME: this.siteName,
    };
  }

  /** The same with the statement that is run. */
  actorOf({ session, rights, statement, binds }: SqlContext): NewAuditRow {
    return {
      ...this.#actor(session),
      CURRENT_USER: rights.user,
      SQL_TEXT: hidePasswords(statement),
      SQL_BINDS: bindsText(binds) || null,
    };
  }

  /** A record where an enabled policy wants one. @throws OracleError 2002 when it cannot be written */
  recordAction(context: SqlContext, action: string, owner: string | null, object: string | null, code = 0): void {
    const row = { ACTION_NAME: action, OBJECT_SCHEMA: owner, OBJECT_NAME: object, RETURN_CODE: String(code) };
    this.#record(context.session, { ...this.actorOf(context), ...row });
  }

  #record(session: SessionState, own: NewAuditRow): void {
    const row = { ...this.#actor(session), ...own };
    const { site } = this;
    const { container, roles } = session;
    const found = site.containers.find(({ guid }) => guid === container);
    if (!found || site.openMode === "DOWN" || site.unifiedAuditing === "off") return;
    const { policies, enabledPolicies } = found;
    const covering = coveringPolicies(policies, enabledPolicies, row, { databaseRole: site.role, roles });
    if (covering.length === 0 && !isAlwaysAudited(row)) return;
    if (destinationOf(site, container, row) === "nowhere") throw oracleError(2002);
    const options = { instance: this.instanceNumber, roles };
    this.shared.change((world, now) => auditAction(world, this.siteName, container, row, now, options));
  }

  get blockHost(): BlockHost {
    return {
      runText: (sql, context) => {
        const session = this.#sessions.get(context.session.sid);
        session?.host.runText(sql, context);
      },
    };
  }

  /** A program that somebody created, with its definer's rights unless it says otherwise. */
  runStored(routine: StoredRoutine, args: ReadonlyMap<string, SqlValue>, caller: SqlContext): SqlValue {
    if (!routine.isValid)
      throw new OracleError(6550, `line 1, column 7:\nPLS-00905: object ${routine.owner}.${routine.name} is invalid`);
    const ending = compileBlock(routine.block, this.#contextOf(routine, args, caller), this.blockHost)();
    if (!routine.result) return null;
    if (ending?.kind !== "return") throw oracleError(6503);
    return ending.value;
  }

  #contextOf(routine: StoredRoutine, args: ReadonlyMap<string, SqlValue>, caller: SqlContext): SqlContext {
    const own = new Map<string, Variable>();
    const context: SqlContext = {
      ...caller,
      rights:
        routine.rights === "definer"
          ? { user: routine.owner, roles: routine.roles }
          : { ...caller.rights, roles: [...caller.rights.roles, ...routine.roles] },
      session: caller.session,
      binds: [],
      variables: { own, outer: undefined },
      source: routine.source,
      program: `${routine.owner}.${routine.name}`,
    };
    for (const { name, type, value } of routine.parameters) {
      const given = args.get(name);
      own.set(name, {
        type,
        value: given === undefined && value ? evaluateNow(value, type, context) : (given ?? null),
      });
    }
    return context;
  }

  /** Is a condition true now? One that cannot be evaluated is not. */
  holds(condition: string, context: SqlContext): boolean {
    try {
      const { statement } = parseStatement(`SELECT 1 FROM dual WHERE ${condition}`);
      if (statement.kind !== "query") return false;
      return Array.from(compileQuery(statement.query, { ...context, site: this.site }).run()).length === 1;
    } catch (error) {
      if (error instanceof OracleError) return false;
      throw error;
    }
  }

  /** Does a program hold together? Roles are not asked: they may still be granted to it. */
  compiles(routine: StoredRoutine, context: SqlContext): boolean {
    try {
      compileBlock(routine.block, this.#contextOf(routine, new Map(), context), this.blockHost);
      return true;
    } catch (error) {
      if (error instanceof OracleError) return false;
      throw error;
    }
  }
}

function foldName(written: string): string {
  return /^".*"$/.test(written) ? written.slice(1, -1) : written.toUpperCase();
}

function hidePasswords(text: string): string {
  return text.replaceAll(/(\bidentified\s+by\s+)(?:"[^"]*"|\S+)/gi, "$1*");
}

/** ` #1(21):ORA_TEMP_2_DS_1721605 #2(3):SYS` (Oracle notes §1.3). */
function bindsText(binds: SqlContext["binds"]): string {
  return binds
    .map(({ value }, index) => {
      const text = value === null ? "" : String(value);
      return ` #${index + 1}(${text.length}):${text}`;
    })
    .join("");
}

/** Looks random, and is the same for the same session of the same run. */
function auditSessionIdOf(number: number, bits: 32 | 60): string {
  const mixed = BigInt.asUintN(bits, BigInt(number) * 0x9e37_79b9_7f4a_7c15n + 0x1234_5678_9abcn);
  return String(mixed | (1n << BigInt(bits - 2)));
}
