import type { CheckFinding } from "@das/core";
import { splitPath } from "../audit-file-name.ts";
import { AUDIT_CHANGES_NAME } from "../statements.ts";
import type { Answer } from "./answer.ts";
import { about } from "./finding.ts";
import { type InstanceFacts, stateRight } from "./instance-facts.ts";
import type { AuditState, ServerAudit } from "./server-audits.ts";
import { changeAudit, createAudit, grant, quoteName, quoteText } from "./statement.ts";

const PRESENT = "Only what this audit records reaches the stream, and only files can be read exactly";

/** What is known of an audit that is not there, from where it is: beside it, and on another instance. */
export interface Surroundings {
  readonly audits: readonly ServerAudit[];
  /** The GUID that a replica has for it. */
  readonly guidElsewhere: string | undefined;
  readonly maySeeDefinitions: boolean;
}

/** Is there such an audit, and does it write to files? */
export function judgeAudit(
  name: string,
  audit: ServerAudit | undefined,
  instance: InstanceFacts,
  surroundings: Surroundings,
): CheckFinding {
  const { ok, failure } = about(`audit.${name}`, PRESENT);
  if (audit?.target === "FILE") {
    return audit.name === name
      ? ok(`${name} writes to files`)
      : ok(`${audit.name} stands for ${name}, as one page of AWS has it`);
  }
  if (audit) {
    return failure(
      `${audit.name} writes to the ${audit.target.toLowerCase()}, not to files`,
      changeAudit(
        audit.name,
        `TO FILE (FILEPATH = ${quoteText(usualDirectory(instance, surroundings))},\n  MAXSIZE = 50 MB, MAX_ROLLOVER_FILES = 200, RESERVE_DISK_SPACE = OFF)`,
      ),
    );
  }
  if (!surroundings.maySeeDefinitions) {
    return failure(`${name} cannot be seen without VIEW ANY DEFINITION`, grant("VIEW ANY DEFINITION", instance.login));
  }
  const isChanges = name === AUDIT_CHANGES_NAME;
  const plan = createAudit({
    name,
    directory: usualDirectory(instance, surroundings),
    maxSize: isChanges ? 10 : 50,
    maxRolloverFiles: isChanges ? 100 : 200,
    guid: surroundings.guidElsewhere,
    predicate: isChanges ? undefined : `[session_server_principal_name] <> ${quoteText(instance.login)}`,
  });
  const statement = `USE master; -- the folder must exist; the service account writes to it\n${plan}\nALTER SERVER AUDIT ${quoteName(name)} WITH (STATE = ON);`;
  const what = `there is no server audit ${name}`;
  return failure(what, statement);
}

function usualDirectory({ platform }: InstanceFacts, { audits }: Surroundings): string {
  const other = audits.find(({ directory }) => directory !== "");
  return other?.directory ?? (platform === "Linux" ? "/var/opt/mssql/das/" : "D:\\das\\");
}

/** Is it switched on, and does it run? An audit that failed stays switched on. */
export function judgeAuditOn(
  audit: ServerAudit,
  states: Answer<ReadonlyMap<string, AuditState>>,
  instance: InstanceFacts,
): CheckFinding {
  const { ok, warning, failure } = about(
    `audit-on.${audit.name}`,
    "While an audit is off nothing is recorded, and nothing brings it back later",
  );
  const switchOn = `ALTER SERVER AUDIT ${quoteName(audit.name)} WITH (STATE = ON);`;
  if (!audit.enabled) return failure(`${audit.name} is switched off`, switchOn);
  if (!states.known) {
    const right = stateRight(instance, "SECURITY");
    return warning(
      `${audit.name} is switched on; whether it runs cannot be looked at (${states.reason})`,
      grant(right, instance.login),
    );
  }
  const state = states.value.get(audit.name);
  if (state?.status === "STARTED") {
    const { name } = splitPath(state.currentPath);
    return ok(`${audit.name} is on and runs${name === "" ? "" : `, writing ${name}`}`);
  }
  const again = [
    "-- repair the cause first: the server's error log names it (disk full, path gone)",
    `ALTER SERVER AUDIT ${quoteName(audit.name)} WITH (STATE = OFF);`,
    switchOn,
  ].join("\n");
  return failure(`${audit.name} is switched on but does not run: its status is ${state?.status ?? "not known"}`, again);
}
