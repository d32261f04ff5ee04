import { randomUUID } from "node:crypto";
import { systemClock } from "@das/core";
import { type ConformanceTrail, WaitingLog } from "@das/reader-conformance";
import { SqlServerReader, type SqlServerRow } from "../../src/index.ts";
import { LOCK_ROLE } from "../../src/statements.ts";
import { type Administrator, identifier, literal, type Row } from "./administrator.ts";
import type { TestLogin } from "./real-server.ts";

export interface AuditOptions {
  /** Milliseconds: 0, or 1000 and more. Default 0, so that a row is in its file at once. */
  readonly queueDelay?: number;
  /** MAXSIZE in megabytes; the least is 2. Default 50. */
  readonly maxSize?: number;
  /** Files besides the current one; default: no limit. */
  readonly maxRolloverFiles?: number;
  /** Action groups; default: what `sp_audit_write` writes. */
  readonly groups?: readonly string[];
  /** Of the WHERE clause. */
  readonly predicate?: string;
}

/** Where a row of the audit stands, as an administrator sees it. */
export interface Place {
  readonly path: string;
  readonly fileTime: string;
  readonly offset: string;
  readonly ordinal: number;
  /** Trimmed. */
  readonly actionId: string;
  /** 1, or more for a further piece of a record that was split. */
  readonly piece: number;
  /** The first characters of what `sp_audit_write` was given. */
  readonly information: string;
}

export interface WrittenRow {
  readonly id: number;
  readonly succeeded: boolean;
  readonly information: string;
}

/**
 * Characters of one batch. The rows hold the text of their statement too; should that turn out to be the whole batch, then
 * each record is split into a few pieces, and not into hundreds.
 */
const BATCH_LENGTH = 30_000;
/** Looks at the files before rows that do not come are an error, and milliseconds between them. */
const LOOKS = 600;
const BETWEEN_LOOKS = 100;

const RESOURCE = "db-TEST";

/** USER DEFINED AUDIT */
const USER_DEFINED = "UDAU";
/** An audit that was just switched on may have no file with a row in it. */
const NO_FILE_YET = new Set([33224, 33225]);

/** A server audit with a specification of its own, whose rows `sp_audit_write` makes. */
export class ThrowawayAudit implements ConformanceTrail<SqlServerRow> {
  readonly name: string;
  readonly guid: string;
  readonly directory: string;
  readonly #administrator: Administrator;
  readonly #reader: TestLogin;
  readonly #waiting = new WaitingLog();
  /** Every row that was ever seen in the files, by marker, in their order: a Map keeps it. */
  readonly #places = new Map<string, Place>();
  #written = 0;
  #isDropped = false;

  private constructor(administrator: Administrator, name: string, guid: string, directory: string, reader: TestLogin) {
    this.#administrator = administrator;
    this.name = name;
    this.guid = guid;
    this.directory = directory;
    this.#reader = reader;
  }

  static async create(
    administrator: Administrator,
    name: string,
    directory: string,
    reader: TestLogin,
    options: AuditOptions,
  ): Promise<ThrowawayAudit> {
    const { queueDelay = 0, maxSize = 50, maxRolloverFiles, predicate } = options;
    const { groups = ["USER_DEFINED_AUDIT_GROUP"] } = options;
    const audit = new ThrowawayAudit(administrator, name, randomUUID().toUpperCase(), directory, reader);
    await administrator.run(`CREATE SERVER AUDIT ${identifier(name)}
TO FILE (FILEPATH = ${literal(directory)}, MAXSIZE = ${maxSize} MB, MAX_ROLLOVER_FILES = ${maxRolloverFiles ?? "UNLIMITED"}, RESERVE_DISK_SPACE = OFF)
WITH (QUEUE_DELAY = ${queueDelay}, ON_FAILURE = CONTINUE, AUDIT_GUID = '${audit.guid}')${predicate ? ` WHERE (${predicate})` : ""}`);
    await administrator.run(`CREATE SERVER AUDIT SPECIFICATION ${identifier(name)} FOR SERVER AUDIT ${identifier(name)}
${groups.map((group) => `ADD (${group})`).join(", ")} WITH (STATE = ON)`);
    await audit.switch("ON");
    return audit;
  }

  async switch(state: "ON" | "OFF"): Promise<void> {
    await this.#administrator.run(`ALTER SERVER AUDIT ${identifier(this.name)} WITH (STATE = ${state})`);
  }

  /** Off and on again: a new file. */
  async toggle(): Promise<void> {
    await this.switch("OFF");
    await this.switch("ON");
  }

  /** Every reader of the suite reads as the login that has a reader's rights and no more. */
  openReader(): SqlServerReader {
    return this.openReaderAs(this.#reader);
  }

  openReaderAs({ connection }: TestLogin): SqlServerReader {
    const { logger } = this.#waiting;
    return new SqlServerReader({ connection, resourceId: RESOURCE, audits: [this.name], logger });
  }

  /** The administrator has the lock meanwhile. */
  async lend(): Promise<AsyncDisposable> {
    const noticed = this.#waiting.next();
    const lock = `@Resource = ${literal(`das:${RESOURCE}:${this.name}`)}, @LockOwner = 'Session', @DbPrincipal = ${literal(LOCK_ROLE)}`;
    const take = `DECLARE @granted int; EXEC @granted = sys.sp_getapplock ${lock}, @LockMode = 'Exclusive', @LockTimeout = 0; SELECT @granted AS granted`;
    for (let attempt = 0; ; attempt += 1) {
      const [row] = await this.#administrator.run(take);
      if (Number(row?.granted) >= 0) break;
      if (attempt >= LOOKS) throw new Error("the reader's lock cannot be had");
      await this.#killReaders();
    }
    return {
      [Symbol.asyncDispose]: async () => {
        await noticed;
        await this.#administrator.run(`EXEC sys.sp_releaseapplock ${lock}`);
      },
    };
  }

  async #killReaders(): Promise<void> {
    const sessions = await this.#administrator.run(
      `SELECT session_id AS id FROM sys.dm_exec_sessions WHERE login_name = ${literal(this.#reader.name)}`,
    );
    // It may have ended by itself meanwhile.
    for (const { id } of sessions) await this.#administrator.attempt(`KILL ${Number(id)}`);
  }

  /** Rows of about 250 bytes; resolves when they are in the files. */
  async append(count: number): Promise<void> {
    await this.write(Array.from({ length: count }, (_, n) => this.#row(n)));
  }

  /** Rows of about 14 KB with their statements, for who wants files to fill; just short enough not to be split. */
  async appendLarge(count: number): Promise<void> {
    await this.write(Array.from({ length: count }, (_, n) => this.#row(n, "x".repeat(3_600))));
  }

  #row(n: number, filling = ""): WrittenRow {
    return { id: n % 32_768, succeeded: true, information: `${this.#written + n} ${filling}` };
  }

  /** Exactly these rows, by `sp_audit_write`, in this order. */
  async write(rows: readonly WrittenRow[]): Promise<void> {
    const before = await this.#lookForWritten();
    let batch = "";
    for (const row of rows) {
      batch += `${auditWrite(row)}\n`;
      if (batch.length < BATCH_LENGTH) continue;
      await this.#administrator.run(batch);
      batch = "";
    }
    if (batch !== "") await this.#administrator.run(batch);
    this.#written += rows.length;
    for (let look = 0; (await this.#lookForWritten()) < before + rows.length; look += 1) {
      if (look >= LOOKS) throw new Error(`rows that were written do not appear in the files of ${this.name}`);
      await systemClock.sleep(BETWEEN_LOOKS);
    }
  }

  expectedMarkers(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** Rows of `sp_audit_write` that were ever seen in the files. */
  async #lookForWritten(): Promise<number> {
    await this.look();
    return [...this.#places.values()].filter(({ actionId, piece }) => actionId === USER_DEFINED && piece === 1).length;
  }

  /** Looks at all files that there are. @returns where their rows stand now, in their order */
  async look(): Promise<readonly Place[]> {
    const rows = await this.select(
      "file_name, CONVERT(varchar(20), audit_file_offset) AS block, RTRIM(action_id) AS action, sequence_number, CONVERT(nvarchar(40), user_defined_information) AS information",
    );
    const places: Place[] = [];
    for (const row of rows) {
      const path = String(row.file_name);
      const offset = String(row.block);
      const last = places.at(-1);
      places.push({
        path,
        offset,
        fileTime: /_(\d+)\.sqlaudit$/i.exec(path)?.[1] ?? "",
        ordinal: last?.path === path && last.offset === offset ? last.ordinal + 1 : 0,
        actionId: String(row.action),
        piece: Number(row.sequence_number),
        information: String(row.information ?? ""),
      });
    }
    for (const place of places) this.#places.set(`${place.fileTime}:${place.offset}:${place.ordinal}`, place);
    return places;
  }

  /** Columns of all rows that are in the files now. */
  async select(columns: string): Promise<readonly Row[]> {
    const files = literal(`${this.directory}${this.name}_${this.guid}*`);
    const { rows, errors } = await this.#administrator.attempt(
      `SELECT ${columns} FROM sys.fn_get_audit_file(${files}, NULL, NULL)`,
    );
    const others = errors.filter((number) => !NO_FILE_YET.has(number));
    if (others.length > 0) throw new Error(`the files of ${this.name} cannot be read: error ${others.join(", ")}`);
    return rows;
  }

  /** Columns of all rows, as soon as they fulfil the condition. */
  async selectWhen(columns: string, condition: (rows: readonly Row[]) => boolean): Promise<readonly Row[]> {
    for (let looks = 0; looks < LOOKS; looks += 1) {
      const rows = await this.select(columns);
      if (condition(rows)) return rows;
      await systemClock.sleep(BETWEEN_LOOKS);
    }
    throw new Error(`rows that are expected do not appear in the files of ${this.name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDropped) return;
    this.#isDropped = true;
    const name = identifier(this.name);
    // A test may have switched them off already.
    await this.#administrator.attempt(`ALTER SERVER AUDIT SPECIFICATION ${name} WITH (STATE = OFF)`);
    await this.#administrator.run(`DROP SERVER AUDIT SPECIFICATION ${name}`);
    await this.#administrator.attempt(`ALTER SERVER AUDIT ${name} WITH (STATE = OFF)`);
    await this.#administrator.run(`DROP SERVER AUDIT ${name}`);
  }
}

function auditWrite({ id, succeeded, information }: WrittenRow): string {
  return `EXEC sys.sp_audit_write @user_defined_event_id = ${id}, @succeeded = ${succeeded ? 1 : 0}, @user_defined_information = ${literal(information)}`;
}
