import { textOf } from "../instance.ts";
import { AUDIT_CHANGES_NAME } from "../statements.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";

/** ON_FAILURE, by the number that the catalog has for it; its words there are others than those of the statement. */
export const ON_FAILURE: readonly string[] = ["CONTINUE", "SHUTDOWN", "FAIL_OPERATION"];

/** One server audit of the instance, as the catalog has it. */
export interface ServerAudit {
  readonly name: string;
  /** Upper case. */
  readonly guid: string;
  /** FILE, APPLICATION LOG, SECURITY LOG, … */
  readonly target: string;
  readonly enabled: boolean;
  /** Milliseconds. */
  readonly queueDelay: number;
  /** CONTINUE, SHUTDOWN, FAIL_OPERATION. */
  readonly onFailure: string;
  readonly predicate: string;
  /** MB; undefined is UNLIMITED. */
  readonly maxSize: number | undefined;
  /** Files besides the current one; undefined is UNLIMITED. */
  readonly maxRolloverFiles: number | undefined;
  /** MAX_FILES, which forbids rolling over; undefined when it is not set. */
  readonly maxFiles: number | undefined;
  readonly reservesDiskSpace: boolean;
  /** FILEPATH, with its trailing separator. */
  readonly directory: string;
}

/** What an audit does now. */
export interface AuditState {
  /** STARTED, NOT_STARTED, RUNTIME_FAIL, …; numbers differ between versions of the documentation. */
  readonly status: string;
  /** Path of the file that it writes; empty when it does not run. */
  readonly currentPath: string;
  /** Bytes, about; undefined when it does not run. */
  readonly currentSize: number | undefined;
}

const AUDITS = `SELECT a.name, CONVERT(char(36), a.audit_guid) AS audit_guid, a.type_desc, a.is_state_enabled, a.queue_delay,
       a.on_failure, a.predicate, f.max_file_size, f.max_rollover_files, f.max_files, f.reserve_disk_space, f.log_file_path
FROM sys.server_audits AS a LEFT JOIN sys.server_file_audits AS f ON f.audit_id = a.audit_id ORDER BY a.name`;

const STATES = "SELECT name, status_desc, audit_file_path, audit_file_size FROM sys.dm_server_audit_status";

/** How the catalog writes that there is no limit, where it does not write 0. */
export const UNLIMITED = 2_147_483_647;

/** All audits of the instance, not only those of the stream: files of another one are no strangers in the folder. */
export async function lookAtAudits(inquiry: Inquiry): Promise<Answer<readonly ServerAudit[]>> {
  return mapAnswer(await inquiry.ask(AUDITS), (rows) =>
    rows.map((row) => {
      const [name, guid, target, enabled, queueDelay, onFailure, predicate, ...file] = row;
      const [maxSize, maxRolloverFiles, maxFiles, reserves, directory] = file;
      return {
        name: textOf(name),
        guid: textOf(guid).toUpperCase(),
        target: textOf(target),
        enabled: Number(enabled) === 1,
        queueDelay: Number(queueDelay),
        onFailure: ON_FAILURE[Number(onFailure)] ?? `number ${onFailure}`,
        predicate: textOf(predicate),
        maxSize: limit(Number(maxSize)),
        maxRolloverFiles: Number(maxRolloverFiles) >= UNLIMITED ? undefined : Number(maxRolloverFiles),
        maxFiles: limit(Number(maxFiles)),
        reservesDiskSpace: Number(reserves) === 1,
        directory: textOf(directory),
      };
    }),
  );
}

function limit(value: number): number | undefined {
  return value > 0 && value < UNLIMITED ? value : undefined;
}

export async function lookAtStates(inquiry: Inquiry): Promise<Answer<ReadonlyMap<string, AuditState>>> {
  return mapAnswer(
    await inquiry.ask(STATES),
    (rows) =>
      new Map(
        rows.map(([name, status, path, size]) => [
          textOf(name),
          { status: textOf(status), currentPath: textOf(path), currentSize: size === null ? undefined : Number(size) },
        ]),
      ),
  );
}

/** One page of AWS's calls the second audit so (SQL Server notes §1). */
const CHANGES_ALIAS = "RDS_DAS_CHANGES";

/** The audit of that name, or under the name that it has as well. */
export function auditNamed(audits: readonly ServerAudit[], name: string): ServerAudit | undefined {
  const named = (wanted: string) => audits.find((audit) => audit.name.toLowerCase() === wanted.toLowerCase());
  return named(name) ?? (name === AUDIT_CHANGES_NAME ? named(CHANGES_ALIAS) : undefined);
}
