import {
  char,
  int,
  nvarchar,
  type SqlType,
  type SqlTypeName,
  sysname,
  untyped,
  varbinary,
  varchar,
} from "../sql-types.ts";
import { syntaxError } from "./server-error.ts";
import type { CaseBranch, Expression, Operator } from "./syntax.ts";
import { TokenStream } from "./token-stream.ts";

export function parseExpression(tokens: TokenStream): Expression {
  let left = parseConjunction(tokens);
  while (tokens.takeWords("or")) left = operation("or", left, parseConjunction(tokens));
  return left;
}

function parseConjunction(tokens: TokenStream): Expression {
  let left = parseNegation(tokens);
  while (tokens.takeWords("and")) left = operation("and", left, parseNegation(tokens));
  return left;
}

function parseNegation(tokens: TokenStream): Expression {
  return tokens.takeWords("not") ? { kind: "not", operand: parseNegation(tokens) } : parseComparison(tokens);
}

const COMPARISONS: Readonly<Record<string, Operator>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  ">": ">",
  "<=": "<=",
  ">=": ">=",
};

function parseComparison(tokens: TokenStream): Expression {
  const operand = parseSum(tokens);
  const operator = tokens.peek().kind === "symbol" ? COMPARISONS[tokens.peek().text] : undefined;
  if (operator) {
    tokens.next();
    return operation(operator, operand, parseSum(tokens));
  }
  if (tokens.takeWords("is")) {
    const negated = tokens.takeWords("not");
    tokens.expectWord("null");
    return { kind: "isNull", operand, negated };
  }
  const negated = tokens.takeWords("not");
  if (tokens.takeWords("in")) return { kind: "in", operand, choices: parseChoices(tokens), negated };
  if (tokens.takeWords("like")) return { kind: "like", operand, pattern: parseSum(tokens), negated };
  if (tokens.takeWords("between")) {
    const low = parseSum(tokens);
    tokens.expectWord("and");
    const between = operation("and", operation(">=", operand, low), operation("<=", operand, parseSum(tokens)));
    return negated ? { kind: "not", operand: between } : between;
  }
  if (negated) throw tokens.unexpected();
  return operand;
}

function parseChoices(tokens: TokenStream) {
  tokens.expectSymbol("(");
  if (tokens.isWord("select")) return tokens.takeSubquery();
  const choices = parseList(tokens);
  tokens.expectSymbol(")");
  return choices;
}

function parseSum(tokens: TokenStream): Expression {
  let left = parseProduct(tokens);
  while (tokens.isSymbol("+") || tokens.isSymbol("-")) {
    const operator = tokens.next().text === "+" ? "+" : "-";
    left = operation(operator, left, parseProduct(tokens));
  }
  return left;
}

function parseProduct(tokens: TokenStream): Expression {
  let left = parseOperand(tokens);
  while (tokens.isSymbol("*") || tokens.isSymbol("/") || tokens.isSymbol("%")) {
    const symbol = tokens.next().text;
    left = operation(symbol === "*" ? "*" : symbol === "/" ? "/" : "%", left, parseOperand(tokens));
  }
  return left;
}

function operation(operator: Operator, left: Expression, right: Expression): Expression {
  return { kind: "operation", operator, left, right };
}

function parseOperand(tokens: TokenStream): Expression {
  if (tokens.takeSymbol("-")) return { kind: "negate", operand: parseOperand(tokens) };
  if (tokens.takeSymbol("+")) return parseOperand(tokens);
  if (tokens.takeSymbol("(")) {
    if (tokens.isWord("select")) return { kind: "scalar", query: tokens.takeSubquery() };
    const inner = parseExpression(tokens);
    tokens.expectSymbol(")");
    return inner;
  }
  const token = tokens.peek();
  switch (token.kind) {
    case "string":
      tokens.next();
      return {
        kind: "literal",
        value: token.text,
        type: (token.national ? nvarchar : varchar)(Math.max(1, token.text.length)),
      };
    case "number":
      tokens.next();
      return { kind: "literal", ...numberLiteral(token.text) };
    case "binary":
      tokens.next();
      return { kind: "literal", value: token.text.toLowerCase(), type: varbinary(token.text.length / 2) };
    case "variable":
      tokens.next();
      return parseXmlValue(tokens, { kind: "variable", name: token.text.toLowerCase() });
    case "word":
      return parseWord(tokens);
    case "name":
      return parseColumnOrCall(tokens);
    default:
      throw tokens.unexpected();
  }
}

/** `.value('(/path)[1]', 'type')` after a variable or a call, if that is what follows. */
function parseXmlValue(tokens: TokenStream, operand: Expression): Expression {
  if (!tokens.isSymbol(".") || !tokens.isWord("value", 1)) return operand;
  tokens.next();
  tokens.next();
  tokens.expectSymbol("(");
  const path = tokens.next();
  tokens.expectSymbol(",");
  const type = tokens.next();
  if (path.kind !== "string" || type.kind !== "string") throw tokens.unexpected(path);
  tokens.expectSymbol(")");
  return { kind: "xmlValue", operand, path: path.text, type: parseType(new TokenStream(type.text)) };
}

function numberLiteral(text: string): { value: number | bigint | string; type: SqlType } {
  if (text.includes(".")) return { value: text, type: { name: "decimal", scale: text.length - text.indexOf(".") - 1 } };
  const value = Number(text);
  if (!Number.isSafeInteger(value)) return { value: BigInt(text), type: { name: "bigint" } };
  return { value, type: value > 2_147_483_647 ? { name: "bigint" } : int };
}

function parseWord(tokens: TokenStream): Expression {
  if (tokens.takeWords("null")) return { kind: "literal", value: null, type: untyped };
  if (tokens.takeWords("default")) return { kind: "literal", value: null, type: untyped };
  if (tokens.takeWords("exists")) {
    tokens.expectSymbol("(");
    return { kind: "exists", query: tokens.takeSubquery() };
  }
  if (tokens.takeWords("case")) return parseCase(tokens);
  if (tokens.isSymbol("(", 1)) {
    if (tokens.isWord("convert") || tokens.isWord("try_convert")) return parseConvert(tokens);
    if (tokens.isWord("cast") || tokens.isWord("try_cast")) return parseCast(tokens);
    if ((tokens.isWord("count") || tokens.isWord("count_big")) && tokens.isSymbol("*", 2)) {
      for (let taken = 0; taken < 3; taken += 1) tokens.next();
      tokens.expectSymbol(")");
      return { kind: "count" };
    }
  }
  return parseColumnOrCall(tokens);
}

/** CONVERT(type, value [, style]). */
function parseConvert(tokens: TokenStream): Expression {
  tokens.next();
  tokens.expectSymbol("(");
  const type = parseType(tokens);
  tokens.expectSymbol(",");
  const operand = parseExpression(tokens);
  const style = tokens.takeSymbol(",") ? Number(tokens.next().text) : undefined;
  tokens.expectSymbol(")");
  return { kind: "convert", type, operand, ...(style !== undefined && { style }) };
}

/** CAST(value AS type). */
function parseCast(tokens: TokenStream): Expression {
  tokens.next();
  tokens.expectSymbol("(");
  const operand = parseExpression(tokens);
  tokens.expectWord("as");
  const type = parseType(tokens);
  tokens.expectSymbol(")");
  return { kind: "convert", type, operand };
}

function parseCase(tokens: TokenStream): Expression {
  const subject = tokens.isWord("when") ? undefined : parseExpression(tokens);
  const branches: CaseBranch[] = [];
  while (tokens.takeWords("when")) {
    const tested = parseExpression(tokens);
    tokens.expectWord("then");
    branches.push({ condition: subject ? operation("=", subject, tested) : tested, result: parseExpression(tokens) });
  }
  const otherwise = tokens.takeWords("else") ? parseExpression(tokens) : undefined;
  tokens.expectWord("end");
  return { kind: "case", branches, ...(otherwise && { otherwise }) };
}

function parseColumnOrCall(tokens: TokenStream): Expression {
  const parts = tokens.expectDottedName();
  if (tokens.takeSymbol("(")) {
    const name = parts.slice(-2).join(".").toLowerCase();
    const args = tokens.isSymbol(")") ? [] : parseList(tokens);
    tokens.expectSymbol(")");
    return parseXmlValue(tokens, { kind: "call", name, arguments: args });
  }
  const name = parts.at(-1) ?? "";
  const table = parts.at(-2);
  return { kind: "column", name, ...(table !== undefined && { table }) };
}

export function parseList(tokens: TokenStream): readonly Expression[] {
  const list = [parseExpression(tokens)];
  while (tokens.takeSymbol(",")) list.push(parseExpression(tokens));
  return list;
}

const PLAIN_TYPES: Readonly<Record<string, SqlType>> = {
  tinyint: { name: "tinyint" },
  smallint: { name: "smallint" },
  int: { name: "int" },
  bigint: { name: "bigint" },
  bit: { name: "bit" },
  float: { name: "float" },
  real: { name: "float" },
  money: { name: "decimal", scale: 4 },
  uniqueidentifier: { name: "uniqueidentifier" },
  datetime: { name: "datetime" },
  date: { name: "date" },
  sysname,
  sql_variant: { name: "sql_variant" },
  // As the text that it is.
  xml: nvarchar("max"),
};

const SIZED_TYPES: ReadonlySet<SqlTypeName> = new Set([
  "char",
  "varchar",
  "nchar",
  "nvarchar",
  "binary",
  "varbinary",
  "datetime2",
  "decimal",
]);

/** As after DECLARE and in CONVERT: `nvarchar(128)`, `varbinary(max)`, `datetime2`. */
export function parseType(tokens: TokenStream): SqlType {
  const written = tokens.expectName().toLowerCase();
  const plain = PLAIN_TYPES[written];
  if (plain) return plain;
  const name = [...SIZED_TYPES].find((sized) => sized === written);
  if (!name) throw syntaxError(written);
  const sizes: string[] = [];
  if (tokens.takeSymbol("(")) {
    do sizes.push(tokens.next().text.toLowerCase());
    while (tokens.takeSymbol(","));
    tokens.expectSymbol(")");
  }
  if (name === "datetime2") return { name, scale: Number(sizes[0] ?? 7) };
  if (name === "decimal") return { name, scale: Number(sizes[1] ?? 0) };
  if (name === "char" && sizes.length === 0) return char(30);
  return { name, length: sizes[0] === "max" ? "max" : Number(sizes[0] ?? 30) };
}
