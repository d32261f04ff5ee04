/** DBMS_MACADM and DBMS_MACUTL, as far as command rules go (Oracle notes §5.2). */
import { withInherited } from "../database.ts";
import { OracleError } from "../oracle-error.ts";
import type { Package, PackageMember, SqlContext } from "../sql/context.ts";
import { number, type SqlType, varchar2 } from "../sql-types.ts";
import { changeVault, type DatabaseVault } from "../vault.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { type Arguments, packageOf, parameter } from "./packages.ts";

const text = varchar2(4000);

export const DBMS_MACUTL = packageOf(
  "DVSYS",
  "DBMS_MACUTL",
  {
    G_YES: "Y",
    G_NO: "N",
    G_RULESET_EVAL_ALL: 1,
    G_RULESET_EVAL_ANY: 2,
    G_RULESET_AUDIT_OFF: 0,
    G_RULESET_AUDIT_FAIL: 1,
    G_RULESET_AUDIT_SUCCESS: 2,
    G_RULESET_FAIL_SHOW: 1,
    G_RULESET_FAIL_SILENT: 2,
    G_RULESET_HANDLER_OFF: 0,
  },
  {},
  true,
);

/** Only DV_OWNER and DV_ADMIN, whoever else one is. */
function demandVaultAdministrator({ dictionary, rights }: SqlContext): void {
  const held = withInherited(dictionary.database, rights.roles);
  if (!held.includes("DV_ADMIN"))
    throw new OracleError(47920, `Authorization failed for user ${rights.user} to perform this operation`);
}

type Named = { readonly name: string };

function demandNew(list: readonly Named[], name: string, code: number, kind: string): void {
  if (list.some((each) => each.name === name)) throw new OracleError(code, `${kind} already defined`);
}

function demandKnown(list: readonly Named[], name: string, code: number, kind: string): void {
  if (!list.some((each) => each.name === name)) throw new OracleError(code, `${kind} ${name} not found`);
}

function procedure(
  parameters: Readonly<Record<string, readonly [type: SqlType, value?: string | number | null]>>,
  change: (vault: DatabaseVault, given: (name: string) => string, container: string) => Partial<DatabaseVault>,
): PackageMember {
  return {
    parameters: Object.entries(parameters).map(([name, [type, value]]) => parameter(name, type, value)),
    run: (args: Arguments, context) => {
      demandVaultAdministrator(context);
      const { dictionary } = context;
      const given = (name: string) => String(args.get(name) ?? "");
      dictionary.changeDatabase(
        changeVault(dictionary.database, change(dictionary.database.vault, given, context.session.container)),
      );
      return null;
    },
  };
}

const RULE = { RULE_SET_NAME: [text], RULE_NAME: [text] } as const;
const COMMAND = { COMMAND: [text] } as const;
const OBJECT = { OBJECT_OWNER: [text], OBJECT_NAME: [text] } as const;

export function vaultPackage({ major }: VersionProfile): Package {
  // 23ai took the two that had no effect.
  const order = major >= 23 ? {} : ({ RULE_ORDER: [number], ENABLED: [text, "Y"] } as const);
  return packageOf(
    "DVSYS",
    "DBMS_MACADM",
    {},
    {
      CREATE_RULE: procedure({ RULE_NAME: [text], RULE_EXPR: [text] }, ({ rules }, given, container) => {
        demandNew(rules, given("RULE_NAME"), 47320, "Rule");
        return { rules: [...rules, { name: given("RULE_NAME"), expression: given("RULE_EXPR"), container }] };
      }),
      DELETE_RULE: procedure({ RULE_NAME: [text] }, ({ rules, ruleSets }, given) => {
        const name = given("RULE_NAME");
        demandKnown(rules, name, 47321, "Rule");
        if (ruleSets.some((set) => set.rules.includes(name))) throw new OracleError(47324, `Rule ${name} is in use`);
        return { rules: rules.filter((rule) => rule.name !== name) };
      }),
      CREATE_RULE_SET: procedure(
        {
          RULE_SET_NAME: [text],
          DESCRIPTION: [text],
          ENABLED: [text],
          EVAL_OPTIONS: [number],
          AUDIT_OPTIONS: [number],
          FAIL_OPTIONS: [number],
          FAIL_MESSAGE: [text],
          FAIL_CODE: [number],
          HANDLER_OPTIONS: [number],
          HANDLER: [text],
        },
        ({ ruleSets }, given, container) => {
          demandNew(ruleSets, given("RULE_SET_NAME"), 47340, "Rule set");
          const [name, failMessage] = [given("RULE_SET_NAME"), given("FAIL_MESSAGE")];
          return {
            ruleSets: [...ruleSets, { name, failMessage, failCode: Number(given("FAIL_CODE")), rules: [], container }],
          };
        },
      ),
      DELETE_RULE_SET: procedure({ RULE_SET_NAME: [text] }, ({ ruleSets, commandRules }, given) => {
        const name = given("RULE_SET_NAME");
        demandKnown(ruleSets, name, 47341, "Rule set");
        if (commandRules.some(({ ruleSet }) => ruleSet === name))
          throw new OracleError(47344, `Rule set ${name} is in use`);
        return { ruleSets: ruleSets.filter((set) => set.name !== name) };
      }),
      ADD_RULE_TO_RULE_SET: procedure({ ...RULE, ...order }, ({ rules, ruleSets }, given) => {
        const [name, rule] = [given("RULE_SET_NAME"), given("RULE_NAME")];
        demandKnown(ruleSets, name, 47341, "Rule set");
        demandKnown(rules, rule, 47321, "Rule");
        return {
          ruleSets: ruleSets.map((set) => (set.name === name ? { ...set, rules: [...set.rules, rule] } : set)),
        };
      }),
      DELETE_RULE_FROM_RULE_SET: procedure(RULE, ({ ruleSets }, given) => {
        const [name, rule] = [given("RULE_SET_NAME"), given("RULE_NAME")];
        demandKnown(ruleSets, name, 47341, "Rule set");
        const without = (rules: readonly string[]) => rules.filter((each) => each !== rule);
        return {
          ruleSets: ruleSets.map((set) => (set.name === name ? { ...set, rules: without(set.rules) } : set)),
        };
      }),
      CREATE_COMMAND_RULE: procedure(
        { ...COMMAND, RULE_SET_NAME: [text], ...OBJECT, ENABLED: [text] },
        ({ commands, commandRules, ruleSets }, given, container) => {
          const rule = {
            command: given("COMMAND"),
            ruleSet: given("RULE_SET_NAME"),
            owner: given("OBJECT_OWNER"),
            object: given("OBJECT_NAME"),
            isEnabled: given("ENABLED") === "Y",
            container,
          };
          demandKnown(ruleSets, rule.ruleSet, 47341, "Rule set");
          if (!commands.includes(rule.command)) throw new OracleError(47100, `invalid command ${rule.command}`);
          if (commandRules.some(({ command, object }) => command === rule.command && object === rule.object))
            throw new OracleError(47101, "command rule already exists");
          return { commandRules: [...commandRules, rule] };
        },
      ),
      DELETE_COMMAND_RULE: procedure({ ...COMMAND, ...OBJECT }, ({ commandRules }, given) => {
        const isIt = ({ command, owner, object }: DatabaseVault["commandRules"][number]) =>
          command === given("COMMAND") && owner === given("OBJECT_OWNER") && object === given("OBJECT_NAME");
        if (!commandRules.some(isIt)) throw new OracleError(47103, "command rule not found");
        return { commandRules: commandRules.filter((rule) => !isIt(rule)) };
      }),
    },
  );
}
