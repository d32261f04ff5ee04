/** What of Database Vault can be looked at (Oracle notes §5.2). */
import type { CatalogTable } from "../sql/context.ts";
import { varchar2 } from "../sql-types.ts";
import type { CommandRule, DatabaseVault, RuleSet } from "../vault.ts";
import { flag, name128, table, yesOrNo } from "./table.ts";

export const VAULT_VIEWS: readonly CatalogTable[] = [
  table<readonly [name: string, status: string]>(
    "SYS",
    "DBA_DV_STATUS",
    [
      ["NAME", varchar2(19), ([name]) => name],
      ["STATUS", varchar2(64), ([, status]) => status],
    ],
    ({ dictionary }) => {
      const status = dictionary.database.vault.isEnabled ? "TRUE" : "FALSE";
      return [
        ["DV_CONFIGURE_STATUS", status],
        ["DV_ENABLE_STATUS", status],
      ];
    },
  ),
  table<DatabaseVault["rules"][number]>(
    "DVSYS",
    "DBA_DV_RULE",
    [
      ["NAME", name128, ({ name }) => name],
      ["RULE_EXPR", varchar2(1024), ({ expression }) => expression],
    ],
    ({ dictionary }) => dictionary.database.vault.rules,
  ),
  table<RuleSet>(
    "DVSYS",
    "DBA_DV_RULE_SET",
    [
      ["RULE_SET_NAME", name128, ({ name }) => name],
      ["ENABLED", flag, () => "Y"],
      ["FAIL_MESSAGE", varchar2(80), ({ failMessage }) => failMessage],
      ["FAIL_CODE", varchar2(10), ({ failCode }) => String(failCode)],
    ],
    ({ dictionary }) => dictionary.database.vault.ruleSets,
  ),
  table<{ readonly set: string; readonly rule: string }>(
    "DVSYS",
    "DBA_DV_RULE_SET_RULE",
    [
      ["RULE_SET_NAME", name128, ({ set }) => set],
      ["RULE_NAME", name128, ({ rule }) => rule],
    ],
    ({ dictionary }) =>
      dictionary.database.vault.ruleSets.flatMap(({ name, rules }) => rules.map((rule) => ({ set: name, rule }))),
  ),
  table<CommandRule>(
    "DVSYS",
    "DBA_DV_COMMAND_RULE",
    [
      ["COMMAND", name128, ({ command }) => command],
      ["RULE_SET_NAME", name128, ({ ruleSet }) => ruleSet],
      ["OBJECT_OWNER", name128, ({ owner }) => owner],
      ["OBJECT_NAME", name128, ({ object }) => object],
      ["ENABLED", flag, ({ isEnabled }) => yesOrNo(isEnabled)[0] ?? null],
    ],
    ({ dictionary }) => dictionary.database.vault.commandRules,
  ),
];
