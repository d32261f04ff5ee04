import type { CheckFinding } from "@das/core";
import { AUDIT_CHANGES_NAME } from "../statements.ts";
import type { Answer } from "./answer.ts";
import { about } from "./finding.ts";
import { type InstanceFacts, stateRight } from "./instance-facts.ts";
import { type AuditState, auditNamed, type ServerAudit } from "./server-audits.ts";
import { changeAudit, createAudit, grant, quoteName, quoteText } from "./statement.ts";

const PRESENT = "Only what this audit records reaches the stream, and only files can be read exactly";

/** What is known of an audit that is not there from elsewhere. */
export interface Surroundings {
  /** The GUID that a replica has for it. */
  readonly guidElsewhere: string | undefined;
  readonly maySeeDefinitions: boolean;
}

/** Is there such an audit, and does it write to files? */
export function judgeAudit(
  name: string,
  audits: Answer<readonly ServerAudit[]>,
  instance: InstanceFacts,
  { guidElsewhere, maySeeDefinitions }: Surroundings,
): CheckFinding {
  const { ok, failure } = about(`audit.${name}`, PRESENT);
  if (!audits.known) return failure(`server audits cannot be looked at (${audits.reason})`);
  const audit = auditNamed(audits.value, name);
  if (audit?.target === "FILE") {
    return audit.name.toLowerCase() === name.toLowerCase()
      ? ok(`${name} writes to files`)
      : ok(`${audit.name} stands for ${name}, as one page of AWS has it`);
  }
  const directory = usualDirectory(instance, audits.value);
  if (audit) {
    const change = `TO FILE (FILEPATH = ${quoteText(directory)},\n    MAXSIZE = 50 MB, MAX_ROLLOVER_FILES = 200)`;
    const what = `${audit.name} writes to the ${audit.target.toLowerCase()}, not to files`;
    return failure(what, changeAudit(audit.name, change));
  }
  if (!maySeeDefinitions) {
    return failure(`${name} cannot be seen without VIEW ANY DEFINITION`, grant("VIEW ANY DEFINITION", instance.login));
  }
  const isChanges = name === AUDIT_CHANGES_NAME;
  const plan = createAudit({
    name,
    directory,
    maxSize: isChanges ? 10 : 50,
    maxRolloverFiles: isChanges ? 100 : 200,
    guid: guidElsewhere,
    predicate: isChanges ? undefined : `[session_server_principal_name] <> ${quoteText(instance.login)}`,
  });
  return failure(
    `there is no server audit ${name}`,
    [
      "USE master; -- the folder must exist, and the service account may write to it",
      plan,
      `ALTER SERVER AUDIT ${quoteName(name)} WITH (STATE = ON);`,
    ].join("\n"),
  );
}

function usualDirectory({ platform }: InstanceFacts, audits: readonly ServerAudit[]): string {
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
    const repair = states.refused ? grant(stateRight(instance, "SECURITY"), instance.login) : undefined;
    return warning(`${audit.name} is switched on; whether it runs cannot be looked at (${states.reason})`, repair);
  }
  const state = states.value.get(audit.name);
  if (state?.status === "STARTED") return ok(`${audit.name} is switched on and runs`);
  const again = [
    "-- repair the cause first: the server's error log names it (disk full, path gone)",
    `ALTER SERVER AUDIT ${quoteName(audit.name)} WITH (STATE = OFF);`,
    switchOn,
  ].join("\n");
  return failure(`${audit.name} is switched on but does not run: its status is ${state?.status ?? "not known"}`, again);
}
