import type { CheckFinding } from "@das/core";
import { directoryKey } from "../audit-file-name.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import type { StreamAudit } from "./server-facts.ts";
import { changeAudit, quoteText } from "./statement.ts";

/** Where the configuration wants the audits' files. */
export interface AuditDirectory {
  readonly path: string;
  /** Does the server show a folder there? */
  readonly exists: Answer<boolean>;
}

/** Columns file exists, file is a directory, parent directory exists; undocumented (SQL Server notes §10). */
const EXISTS = "EXEC master.sys.xp_fileexist @path";

export async function lookAtAuditDirectory(
  inquiry: Inquiry,
  path: string | undefined,
): Promise<AuditDirectory | undefined> {
  if (path === undefined) return undefined;
  const exists = mapAnswer(await inquiry.ask(EXISTS, { path }), ([row]) => Number(row?.[1]) === 1);
  return { path, exists };
}

/** That the service may write there is known only of a folder that an audit writes to. */
export function judgeAuditDirectory(
  directory: AuditDirectory | undefined,
  audits: readonly Pick<StreamAudit, "audit" | "state">[],
): readonly CheckFinding[] {
  if (!directory) return [];
  const { ok, warning } = about(
    "audit-directory",
    "das start makes audits that write to auditDirectory; it neither makes folders nor moves audits that are there",
  );
  const { path, exists } = directory;
  const elsewhere = audits.filter(({ audit }) => directoryKey(audit.directory) !== directoryKey(path));
  if (elsewhere.length > 0) {
    const names = elsewhere.map(({ audit }) => `${audit.name} (${audit.directory})`);
    const changes = elsewhere.map(({ audit }) =>
      changeAudit(audit.name, `TO FILE (FILEPATH = ${quoteText(withSeparator(path))})`),
    );
    return [warning(`auditDirectory is ${path}, and elsewhere writes ${nameSome(names)}`, changes.join("\n"))];
  }
  if (audits.length > 0 && audits.every(({ state }) => state?.status === "STARTED"))
    return [ok(`the audits write to ${path}`)];
  if (!exists.known) return [warning(`whether ${path} is there cannot be looked at (${exists.reason})`)];
  return exists.value
    ? [ok(`${path} is there; whether the service may write to it shows when an audit is switched on (33222)`)]
    : [
        warning(
          `the server shows no folder ${path}`,
          "Make it on the database's host, and let the account of the SQL Server service write to it",
        ),
      ];
}

/** As FILEPATH is kept in the catalog. */
export function withSeparator(directory: string): string {
  return /[\\/]$/.test(directory) ? directory : `${directory}${directory.includes("/") ? "/" : "\\"}`;
}
