/**
 * Database Vault, as far as the lock of an activity stream uses it: command rules (Oracle notes §5.2). What it refuses, it
 * refuses to everybody, SYS among them.
 */
import type { Database } from "./database.ts";
import type { Definition } from "./definitions/definition.ts";
import { OracleError } from "./oracle-error.ts";
import type { SqlContext } from "./sql/context.ts";

export interface RuleSet {
  readonly name: string;
  /** Names; all must hold. */
  readonly rules: readonly string[];
  readonly failMessage: string;
  readonly failCode: number;
  readonly container: string;
}

export interface CommandRule {
  /** `AUDIT POLICY`, `EXECUTE`. */
  readonly command: string;
  readonly ruleSet: string;
  /** `%` for any. */
  readonly owner: string;
  readonly object: string;
  readonly isEnabled: boolean;
  readonly container: string;
}

interface VaultRule {
  readonly name: string;
  readonly expression: string;
  readonly container: string;
}

/** Plain data, as the rest of a database. What is made is local: GUID of the container that has it. */
export interface DatabaseVault {
  readonly isEnabled: boolean;
  /** Commands for which a rule can be made. Not known of those that create, alter and drop audit policies. */
  readonly commands: readonly string[];
  readonly rules: readonly VaultRule[];
  readonly ruleSets: readonly RuleSet[];
  readonly commandRules: readonly CommandRule[];
}

const COMMANDS: ReadonlyMap<Definition["kind"], string> = new Map([
  ["createPolicy", "CREATE AUDIT POLICY"],
  ["alterPolicy", "ALTER AUDIT POLICY"],
  ["dropPolicy", "DROP AUDIT POLICY"],
  ["enablePolicy", "AUDIT POLICY"],
  ["disablePolicy", "NOAUDIT POLICY"],
]);

export const VAULT_OFF: DatabaseVault = {
  isEnabled: false,
  commands: [...COMMANDS.values(), "EXECUTE"],
  rules: [],
  ruleSets: [],
  commandRules: [],
};

/** @throws OracleError 47400 */
export function demandAllowedDefinition({ kind }: Definition, object: string | null, context: SqlContext): void {
  const command = COMMANDS.get(kind);
  if (command === undefined) return;
  const ruleSet = violated(command, "%", object ?? "", context);
  if (ruleSet) throw violation(47400, `Command Rule violation for ${command} on ${object}`, ruleSet);
}

/** @throws OracleError 47409 */
export function demandAllowedCall(owner: string, object: string, context: SqlContext): void {
  const ruleSet = violated("EXECUTE", owner, object, context);
  if (ruleSet) throw violation(47409, "Command Rule violation for the EXECUTE command", ruleSet);
}

/** How the message of the rule set stands beside that of the violation is not known. */
function violation(code: number, text: string, { failCode, failMessage }: RuleSet): OracleError {
  return new OracleError(code, `${text}\nORA-${failCode}: ${failMessage}`);
}

function violated(command: string, owner: string, object: string, context: SqlContext): RuleSet | undefined {
  const { vault } = context.dictionary.database;
  if (!vault.isEnabled) return undefined;
  const found = vault.commandRules.filter(
    (rule) =>
      rule.isEnabled &&
      rule.command === command &&
      (rule.owner === "%" || rule.owner === owner) &&
      (rule.object === "%" || rule.object === object),
  );
  return found
    .flatMap((rule) => vault.ruleSets.filter(({ name }) => name === rule.ruleSet))
    .find(({ rules }) => !rules.every((name) => holds(name, vault, context)));
}

/** As DVSYS, which may see what was granted to it. What cannot be evaluated does not hold. */
function holds(rule: string, { rules }: DatabaseVault, context: SqlContext): boolean {
  const expression = rules.find(({ name }) => name === rule)?.expression;
  const inner: SqlContext = { ...context, rights: { user: "DVSYS", roles: [] }, binds: [], variables: undefined };
  return expression !== undefined && context.engine.holds(expression, inner);
}

export function changeVault({ vault }: Database, change: Partial<DatabaseVault>): Partial<Database> {
  return { vault: { ...vault, ...change } };
}
