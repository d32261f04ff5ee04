/** The part of T-SQL that clients of an audit trail send. */

import type { Definition } from "../definitions/definition.ts";
import type { SqlType, SqlValue } from "../sql-types.ts";

export type Expression =
  | { readonly kind: "literal"; readonly value: SqlValue; readonly type: SqlType }
  | { readonly kind: "column"; readonly table?: string; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  /** `name` in lower case, with its schema if it was written. */
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: "count" }
  | { readonly kind: "convert"; readonly type: SqlType; readonly operand: Expression; readonly style?: number }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "negate"; readonly operand: Expression }
  | { readonly kind: "operation"; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "isNull"; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: "in";
      readonly operand: Expression;
      readonly choices: readonly Expression[] | Select;
      readonly negated: boolean;
    }
  | { readonly kind: "like"; readonly operand: Expression; readonly pattern: Expression; readonly negated: boolean }
  | { readonly kind: "exists"; readonly query: Select }
  | { readonly kind: "scalar"; readonly query: Select }
  /** `@xml.value('(/path)[1]', 'type')` */
  | { readonly kind: "xmlValue"; readonly operand: Expression; readonly path: string; readonly type: SqlType }
  | { readonly kind: "case"; readonly branches: readonly CaseBranch[]; readonly otherwise?: Expression };

export interface CaseBranch {
  readonly condition: Expression;
  readonly result: Expression;
}

export type Operator = "and" | "or" | "=" | "<>" | "<" | ">" | "<=" | ">=" | "+" | "-" | "*" | "/" | "%";

export type SelectItem =
  | { readonly kind: "star"; readonly table?: string }
  | { readonly kind: "expression"; readonly expression: Expression; readonly name: string }
  | { readonly kind: "assignment"; readonly variable: string; readonly expression: Expression };

export interface TableReference {
  /** In lower case, without the database: `sys.server_audits`. */
  readonly name: string;
  /** In which database, if it was written. */
  readonly database?: string;
  /** As it was written, for messages. */
  readonly written: string;
  readonly alias: string;
  /** Of a table-valued function. */
  readonly arguments?: readonly Expression[];
}

export interface Join {
  readonly kind: "inner" | "left" | "cross";
  readonly table: TableReference;
  readonly on?: Expression;
}

export interface Ordering {
  readonly expression: Expression;
  readonly descending: boolean;
}

export interface Select {
  readonly distinct: boolean;
  readonly top?: Expression;
  readonly items: readonly SelectItem[];
  readonly from?: TableReference;
  readonly joins: readonly Join[];
  readonly where?: Expression;
  readonly order: readonly Ordering[];
}

export interface ExecuteArgument {
  readonly name?: string;
  readonly value: Expression;
}

export type Statement =
  | { readonly kind: "select"; readonly select: Select }
  | { readonly kind: "declare"; readonly variables: readonly Declaration[] }
  | { readonly kind: "setVariable"; readonly name: string; readonly value: Expression }
  /** SET of a session option: accepted and without effect here. */
  | { readonly kind: "setOption" }
  | { readonly kind: "use"; readonly database: string }
  | { readonly kind: "print"; readonly value: Expression }
  | {
      readonly kind: "execute";
      readonly procedure: string;
      readonly into?: string;
      readonly arguments: readonly ExecuteArgument[];
      /** As it was written. */
      readonly text: string;
    }
  | { readonly kind: "executeText"; readonly text: Expression }
  | { readonly kind: "if"; readonly condition: Expression; readonly then: Statement; readonly otherwise?: Statement }
  | { readonly kind: "block"; readonly statements: readonly Statement[] }
  | { readonly kind: "try"; readonly statements: readonly Statement[]; readonly handler: readonly Statement[] }
  /** Without an error: the one that was caught goes on. */
  | { readonly kind: "throw"; readonly error?: { readonly number: Expression; readonly text: Expression } }
  | { readonly kind: "return"; readonly value?: Expression }
  | { readonly kind: "executeAs"; readonly login: Expression; readonly text: string }
  | { readonly kind: "revert" }
  | { readonly kind: "kill"; readonly session: Expression }
  | { readonly kind: "transaction"; readonly verb: "begin" | "commit" | "rollback" }
  | {
      readonly kind: "insert";
      readonly table: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Expression[])[];
    }
  | {
      readonly kind: "update";
      readonly table: string;
      readonly changes: readonly { readonly column: string; readonly value: Expression }[];
      readonly where?: Expression;
    }
  | { readonly kind: "delete"; readonly table: string; readonly where?: Expression }
  | { readonly kind: "define"; readonly definition: Definition; readonly text: string };

export interface Declaration {
  readonly name: string;
  readonly type: SqlType;
  readonly value?: Expression;
}
