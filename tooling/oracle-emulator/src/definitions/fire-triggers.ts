/** Triggers BEFORE DDL ON DATABASE (Oracle notes §5.2). */
import { compileBlock } from "../sql/compile-block.ts";
import type { SqlContext, Variable } from "../sql/context.ts";
import { record, varchar2 } from "../sql-types.ts";
import type { Definition } from "./definition.ts";

const text = varchar2(32_767);

const POLICY_EVENTS: ReadonlySet<Definition["kind"]> = new Set([
  "createPolicy",
  "alterPolicy",
  "dropPolicy",
  "enablePolicy",
  "disablePolicy",
]);

/** @throws OracleError whatever a trigger raises, which stops the statement */
export function fireTriggers(
  { kind }: Definition,
  action: string,
  owner: string | null,
  object: string | null,
  context: SqlContext,
): void {
  const { database } = context.dictionary;
  if (kind === "killSession" || kind === "setParameter") return;
  if (POLICY_EVENTS.has(kind) && !database.triggersSeePolicies) return;
  for (const trigger of database.triggers) {
    if (!trigger.isEnabled || trigger.container !== context.session.container) continue;
    const attributes = new Map<string, Variable>([
      ["ORA_SYSEVENT", { type: varchar2(20), value: action.split(" ")[0] ?? action }],
      ["ORA_DICT_OBJ_OWNER", { type: varchar2(128), value: owner }],
      ["ORA_DICT_OBJ_NAME", { type: varchar2(128), value: object }],
      // The statement in pieces of 64 bytes is played as one piece.
      [
        "ORA_SQL_TXT",
        { type: record, value: null, fields: new Map([["1", { type: text, value: context.statement }]]) },
      ],
    ]);
    const inner: SqlContext = {
      ...context,
      rights: { user: trigger.owner, roles: [] },
      variables: { own: attributes, outer: undefined },
      program: `${trigger.owner}.${trigger.name}`,
      source: "",
    };
    compileBlock(trigger.block, inner, context.engine.blockHost)();
  }
}
