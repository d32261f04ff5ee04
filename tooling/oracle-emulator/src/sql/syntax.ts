/** The part of Oracle SQL and PL/SQL that clients of an audit trail send. */
import type { SqlType, SqlValue } from "../sql-types.ts";

export type Expression =
  | { readonly kind: "literal"; readonly value: SqlValue; readonly type: SqlType }
  /** A column, a variable, a function without arguments, a constant of a package: whatever a name can stand for. */
  | { readonly kind: "name"; readonly path: readonly string[]; readonly at: number; readonly isOuter?: true }
  /** `index`: its place among the values that the client sends. */
  | { readonly kind: "bind"; readonly name: string; readonly index: number }
  | {
      readonly kind: "call";
      readonly path: readonly string[];
      readonly arguments: readonly Argument[];
      readonly distinct: boolean;
      readonly at: number;
    }
  | { readonly kind: "countAll" }
  | { readonly kind: "cast"; readonly type: SqlType; readonly operand: Expression }
  /** AT LOCAL where `zone` is absent. */
  | { readonly kind: "atTimeZone"; readonly operand: Expression; readonly zone?: Expression }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "negate"; readonly operand: Expression }
  | { readonly kind: "operation"; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "isNull"; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: "in";
      readonly operand: Expression;
      readonly choices: readonly Expression[] | Query;
      readonly negated: boolean;
    }
  | {
      readonly kind: "like";
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escapedBy?: Expression;
      readonly negated: boolean;
    }
  | { readonly kind: "exists"; readonly query: Query }
  | { readonly kind: "scalar"; readonly query: Query }
  | { readonly kind: "case"; readonly branches: readonly CaseBranch[]; readonly otherwise?: Expression };

export interface Argument {
  /** `name => value`. */
  readonly name?: string;
  readonly value: Expression;
}

export interface CaseBranch {
  readonly condition: Expression;
  readonly result: Expression;
}

export type Comparison = "=" | "<>" | "<" | ">" | "<=" | ">=";
export type Operator = "and" | "or" | Comparison | "+" | "-" | "*" | "/" | "||";

export type SelectItem =
  | { readonly kind: "star"; readonly table?: string; readonly at: number }
  | { readonly kind: "expression"; readonly expression: Expression; readonly name: string };

export type TableReference =
  | {
      readonly kind: "table";
      readonly path: readonly string[];
      readonly alias: string;
      readonly at: number;
    }
  | { readonly kind: "query"; readonly query: Query; readonly alias: string }
  /** TABLE(call). */
  | { readonly kind: "collection"; readonly call: Expression; readonly alias: string };

export interface Join {
  readonly kind: "inner" | "left" | "right" | "full" | "cross";
  readonly table: TableReference;
  readonly on?: Expression;
}

export interface Ordering {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Select {
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  /** Variables of INTO, in PL/SQL. */
  readonly into: readonly string[];
  /** Absent: SELECT without FROM, from 23ai on. */
  readonly from?: TableReference;
  readonly joins: readonly Join[];
  readonly where?: Expression;
  readonly groupBy: readonly Expression[];
  readonly having?: Expression;
}

export type SetOperator = "union" | "union all" | "minus" | "intersect";

export interface Query {
  readonly kind: "query";
  readonly first: Select;
  readonly others: readonly { readonly operator: SetOperator; readonly select: Select }[];
  readonly order: readonly Ordering[];
  readonly offset?: Expression;
  /** FETCH FIRST … ROWS ONLY. */
  readonly limit?: Expression;
}

/** A statement of PL/SQL. */
export type BlockStatement =
  | { readonly kind: "null" }
  | { readonly kind: "assign"; readonly variable: string; readonly value: Expression; readonly line: number }
  | {
      readonly kind: "call";
      readonly path: readonly string[];
      readonly arguments: readonly Argument[];
      readonly line: number;
      readonly column: number;
    }
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly condition: Expression; readonly body: readonly BlockStatement[] }[];
      readonly otherwise: readonly BlockStatement[];
    }
  | {
      readonly kind: "countLoop";
      readonly variable: string;
      readonly from: Expression;
      readonly to: Expression;
      readonly body: readonly BlockStatement[];
    }
  | {
      readonly kind: "queryLoop";
      readonly variable: string;
      readonly query: Query;
      readonly body: readonly BlockStatement[];
    }
  | { readonly kind: "loop"; readonly condition?: Expression; readonly body: readonly BlockStatement[] }
  | { readonly kind: "exit"; readonly condition?: Expression }
  | { readonly kind: "return"; readonly value?: Expression }
  | { readonly kind: "raise"; readonly exception?: string; readonly line: number }
  | { readonly kind: "executeImmediate"; readonly text: Expression; readonly line: number }
  | { readonly kind: "select"; readonly query: Query; readonly line: number }
  | { readonly kind: "sql"; readonly text: string; readonly line: number }
  | { readonly kind: "block"; readonly block: Block };

export interface Declaration {
  readonly name: string;
  readonly type: SqlType;
  readonly value?: Expression;
}

interface ExceptionHandler {
  /** `OTHERS`, `NO_DATA_FOUND`, … */
  readonly exceptions: readonly string[];
  readonly body: readonly BlockStatement[];
}

export interface Block {
  readonly declarations: readonly Declaration[];
  readonly statements: readonly BlockStatement[];
  readonly handlers: readonly ExceptionHandler[];
}
