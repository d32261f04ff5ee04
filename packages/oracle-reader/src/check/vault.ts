import type { CheckFinding } from "@das/core";
import { type Answer, answered, type Inquiry, type Rows, textOf } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { quoteName, quoteText } from "./statement.ts";

/** What Database Vault is here, and what of the lock's rules stands in it (Oracle notes §5.2). */
export interface VaultFacts {
  readonly isEnabled: boolean;
  /** Whoever asks has DV_OWNER or DV_ADMIN. */
  readonly mayConfigure: boolean;
  /** By name, with what matters of them: `command rule AUDIT POLICY` → `DAS lock, Y`. */
  readonly parts: Answer<ReadonlyMap<string, string>>;
}

/** Refuses everybody while the stream is locked. */
export const LOCK_RULES = "DAS lock";
/** The same, but for the publisher's account, which has the installed procedures and no right of its own. */
export const PUBLISHER_RULES = "DAS publisher lock";

const SETS = [LOCK_RULES, PUBLISHER_RULES].map(quoteText).join(", ");

/** For a whole database V$OPTION, for a container DBA_DV_STATUS. */
const OPTION = "SELECT o.value FROM sys.v_$option o WHERE o.parameter = 'Oracle Database Vault'";
const STATUS = "SELECT s.status FROM sys.dba_dv_status s WHERE s.name = 'DV_ENABLE_STATUS'";
const ROLES = "SELECT r.role FROM sys.session_roles r WHERE r.role IN ('DV_OWNER', 'DV_ADMIN')";

const PARTS = [
  `SELECT 'rule '||r.name, r.rule_expr FROM dvsys.dba_dv_rule r WHERE r.name LIKE 'DAS %'`,
  `SELECT 'rule set '||s.rule_set_name, s.enabled FROM dvsys.dba_dv_rule_set s WHERE s.rule_set_name IN (${SETS})`,
  `SELECT 'rule of '||m.rule_set_name, m.rule_name FROM dvsys.dba_dv_rule_set_rule m WHERE m.rule_set_name IN (${SETS})`,
  `SELECT 'command rule '||c.command, c.rule_set_name||', '||c.enabled FROM dvsys.dba_dv_command_rule c WHERE c.rule_set_name IN (${SETS})`,
];

export async function lookAtVault(inquiry: Inquiry): Promise<Answer<VaultFacts>> {
  const option = await inquiry.ask(OPTION);
  if (!option.known) return option;
  const status = isTrue(option.value) ? await inquiry.ask(STATUS) : option;
  // Who may not look at the container's own status is told what holds of the database.
  const isEnabled = !status.known || isTrue(status.value);
  const roles = await inquiry.ask(ROLES);
  const mayConfigure = roles.known && roles.value.length > 0;
  // Rules of a Vault that was switched off come back when it is switched on.
  const parts = isEnabled || mayConfigure ? await lookAtParts(inquiry) : answered(new Map<string, string>());
  return answered({ isEnabled, mayConfigure, parts });
}

function isTrue([row]: Rows): boolean {
  return textOf(row?.[0]) === "TRUE";
}

async function lookAtParts(inquiry: Inquiry): Promise<Answer<ReadonlyMap<string, string>>> {
  const found = new Map<string, string>();
  for (const statement of PARTS) {
    const answer = await inquiry.ask(statement);
    if (!answer.known) return answer;
    for (const [name, text] of answer.value) found.set(textOf(name), textOf(text));
  }
  return answered(found);
}

/** Commands whose rules are in force. */
function commandsInForce(parts: ReadonlyMap<string, string>): readonly string[] {
  return [...parts].flatMap(([name, text]) =>
    name.startsWith(COMMAND_RULE) && text.endsWith(", Y") ? [name.slice(COMMAND_RULE.length)] : [],
  );
}

const COMMAND_RULE = "command rule ";

/** The commands that the lock is about. Those that create, alter and drop policies are not verified (Oracle notes §10). */
export const LOCK_COMMANDS = [
  "AUDIT POLICY",
  "NOAUDIT POLICY",
  "CREATE AUDIT POLICY",
  "ALTER AUDIT POLICY",
  "DROP AUDIT POLICY",
  "EXECUTE",
] as const;

/** @param isProvisioned a stream was started here, so that there is something to protect */
export function judgeVault(vault: Answer<VaultFacts>, isProvisioned: boolean, { user }: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "database-vault",
    "Its rules refuse changes of audit policies to everybody, SYS among them; the trigger alone does not stop SYS",
  );
  if (!vault.known) return warning(`whether Database Vault is enabled cannot be looked at (${vault.reason})`);
  const { isEnabled, parts } = vault.value;
  if (!isEnabled) return ok("Database Vault is not enabled: a trigger is what locks the audit policies");
  if (!isProvisioned) return ok("Database Vault is enabled: das start makes its rules, or das grants prints them");
  if (!parts.known) {
    return warning(
      `Database Vault is enabled; whether its rules for the lock are in force cannot be looked at (${parts.reason})`,
      `-- by the owner of Database Vault\nGRANT DV_SECANALYST TO ${quoteName(user)};`,
    );
  }
  const inForce = commandsInForce(parts.value);
  const missing = LOCK_COMMANDS.filter((command) => !inForce.includes(command));
  if (missing.length === 0) return ok("Database Vault is enabled, and its rules for the lock are in force");
  return warning(
    `Database Vault is enabled, and no rule for the lock is in force for ${nameSome(missing)}`,
    "Unlock, and lock as an administrator with DV_ADMIN (das modify), or have the owner of Database Vault run what das grants --vault-owner prints",
  );
}
