import type { PlannedStatement } from "@das/core";
import { quoteName, quoteText } from "../check/statement.ts";
import { LOCK_COMMANDS, LOCK_RULES, PUBLISHER_RULES } from "../check/vault.ts";
import type { Names } from "./names.ts";
import { plannedAt, programAt } from "./planned.ts";
import type { ProvisionFacts } from "./provision-facts.ts";

/**
 * The rules of Database Vault that refuse changes of audit policies while the stream is locked, to SYS as well (Oracle
 * notes §5.2). None of it was run on a real Database Vault yet.
 */
interface VaultPart {
  /** As `VaultFacts.parts` has it. */
  readonly name: string;
  readonly what: string;
  readonly create: string;
  readonly remove: string;
}

/** ADD_RULE_TO_RULE_SET lost its order and its switch, which had no effect. */
const ORACLE_23 = 23;

/** What healing and the purge hand-over send; everything else the lock refuses to the publisher's account, too. */
const PUBLISHER_COMMANDS: ReadonlySet<string> = new Set(["AUDIT POLICY", "EXECUTE"]);
const UNVERIFIED_COMMANDS: ReadonlySet<string> = new Set([
  "CREATE AUDIT POLICY",
  "ALTER AUDIT POLICY",
  "DROP AUDIT POLICY",
]);

const EVALUATING = "DVSYS";

/** In the order in which they are made: each one needs those before it. */
function partsOf({ owner, reader }: Names, release: number): readonly VaultPart[] {
  const unlocked = `${quoteName(owner)}.das_is_locked = 0`;
  const publisher = `SYS_CONTEXT('USERENV','SESSION_USER') IN (${quoteText(owner)}, ${quoteText(reader)})`;
  const sets = [
    { set: LOCK_RULES, rule: "DAS unlocked", expression: unlocked },
    { set: PUBLISHER_RULES, rule: "DAS unlocked or publisher", expression: `${unlocked} OR ${publisher}` },
  ];
  const order = release >= ORACLE_23 ? "" : ", rule_order => 1, enabled => DVSYS.DBMS_MACUTL.G_YES";
  return [
    ...sets.flatMap(({ set, rule, expression }) => [
      part(
        `rule ${rule}`,
        `CREATE_RULE(rule_name => ${quoteText(rule)}, rule_expr => ${quoteText(expression)})`,
        `DELETE_RULE(rule_name => ${quoteText(rule)})`,
      ),
      part(
        `rule set ${set}`,
        [
          `CREATE_RULE_SET(rule_set_name => ${quoteText(set)}, description => 'lock of the activity stream',`,
          "    enabled => DVSYS.DBMS_MACUTL.G_YES, eval_options => DVSYS.DBMS_MACUTL.G_RULESET_EVAL_ALL,",
          "    audit_options => DVSYS.DBMS_MACUTL.G_RULESET_AUDIT_FAIL, fail_options => DVSYS.DBMS_MACUTL.G_RULESET_FAIL_SHOW,",
          "    fail_message => 'activity stream is locked', fail_code => 20991,",
          "    handler_options => DVSYS.DBMS_MACUTL.G_RULESET_HANDLER_OFF, handler => NULL)",
        ].join("\n"),
        `DELETE_RULE_SET(rule_set_name => ${quoteText(set)})`,
      ),
      part(
        `rule of ${set}`,
        `ADD_RULE_TO_RULE_SET(rule_set_name => ${quoteText(set)}, rule_name => ${quoteText(rule)}${order})`,
        `DELETE_RULE_FROM_RULE_SET(rule_set_name => ${quoteText(set)}, rule_name => ${quoteText(rule)})`,
      ),
    ]),
    ...LOCK_COMMANDS.map((command) => {
      const set = PUBLISHER_COMMANDS.has(command) ? PUBLISHER_RULES : LOCK_RULES;
      const [schema, object] = command === "EXECUTE" ? ["AUDSYS", "DBMS_AUDIT_MGMT"] : ["%", "%"];
      const place = `object_owner => ${quoteText(schema)}, object_name => ${quoteText(object)}`;
      return part(
        `command rule ${command}`,
        `CREATE_COMMAND_RULE(command => ${quoteText(command)}, rule_set_name => ${quoteText(set)},\n    ${place}, enabled => DVSYS.DBMS_MACUTL.G_YES)`,
        `DELETE_COMMAND_RULE(command => ${quoteText(command)}, ${place})`,
        UNVERIFIED_COMMANDS.has(command) ? " (its name is not verified)" : "",
      );
    }),
  ];
}

function part(name: string, create: string, remove: string, remark = ""): VaultPart {
  const call = (text: string) => `BEGIN\n  DVSYS.DBMS_MACADM.${text};\nEND;`;
  return { name, what: `the Database Vault ${name}${remark}`, create: call(create), remove: call(remove) };
}

/** @returns whether the server may refuse it without harm: what it would prevent is detected all the same */
export function mayBeRefused({ sql }: PlannedStatement): boolean {
  return /^BEGIN\n {2}DVSYS\.DBMS_MACADM\.(CREATE|ADD)_/.test(sql);
}

/** All of them, for the owner of Database Vault. */
export function vaultStatements(place: string, names: Names, release: number): readonly PlannedStatement[] {
  return partsOf(names, release).map(({ what, create }) => programAt(place)(`create ${what}`, create));
}

/**
 * Those that are not there, as far as this user may make them; and what they need of the lock, which nobody can grant
 * while it is locked. What the server refused when it was locked last is not tried again.
 */
export function missingRules(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, instance, state, looked, mayVaultAsk } = found;
  if (!looked.vault.known || !looked.vault.value.isEnabled) return [];
  const asking = plannedAt(place)(
    "let Database Vault ask whether the stream is locked",
    `GRANT EXECUTE ON ${quoteName(names.owner)}.DAS_IS_LOCKED TO ${EVALUATING}`,
  );
  const present = rulesOfThisUser(found);
  const recorded = state?.isLocked ? recordedParts(state.recorded) : [];
  const isMissing = ({ name }: VaultPart) =>
    present && !present.has(name) && (recorded.length === 0 || recorded.includes(name));
  return [
    ...(mayVaultAsk ? [] : [asking]),
    ...partsOf(names, instance.release)
      .filter(isMissing)
      .map(({ what, create }) => programAt(place)(`create ${what}`, create)),
  ];
}

/** What Database Vault still has of them, the other way round. */
export function presentRules(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, instance } = found;
  const present = rulesOfThisUser(found);
  return partsOf(names, instance.release)
    .filter(({ name }) => present?.has(name))
    .toReversed()
    .map(({ what, remove }) => programAt(place)(`remove ${what}`, remove));
}

/** Of a plan that locks: what is missing, and who can add it. */
export function vaultRemark(found: ProvisionFacts): string {
  const { vault } = found.looked;
  if (!vault.known || !vault.value.isEnabled || rulesOfThisUser(found)) return "";
  return "Database Vault is enabled, and its rules are not this user's to make: its owner runs what das grants --vault-owner prints";
}

/** There may be rules that this user may not remove. Those that ask a function that is gone refuse everything. */
export function leavesRules(found: ProvisionFacts): boolean {
  return found.mayVaultAsk && !rulesOfThisUser(found);
}

/** What is there of what this user may make and remove; undefined where that is somebody else's. */
function rulesOfThisUser({ looked: { vault } }: ProvisionFacts): ReadonlyMap<string, string> | undefined {
  return vault.known && vault.value.mayConfigure && vault.value.parts.known ? vault.value.parts.value : undefined;
}

function recordedParts(recorded: string): readonly string[] {
  return [...recorded.matchAll(/^Database Vault (.+?): /gm)].map(([, name]) => name ?? "");
}
