import { boolean, char, date, interval, number, timestamp, untyped, zonedTimestamp } from "../sql-types.ts";
import { canonicalNumber } from "./exact-number.ts";
import { parseType, takeField } from "./parse-type.ts";
import { intervalLiteral, parseTimeText } from "./read-time.ts";
import type { Argument, CaseBranch, Comparison, Expression, Operator } from "./syntax.ts";
import type { TokenStream } from "./token-stream.ts";

/** Where conditions stand: WHERE, ON, HAVING, WHEN. */
export function parseCondition(tokens: TokenStream): Expression {
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
  if (tokens.takeWords("not")) return { kind: "not", operand: parseNegation(tokens) };
  if (tokens.isSymbol("(") && !tokens.isWord("select", 1) && opensCondition(tokens)) {
    tokens.next();
    const condition = parseCondition(tokens);
    tokens.expectSymbol(")");
    return condition;
  }
  return parseComparison(tokens);
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "^=": "<>",
  "<": "<",
  ">": ">",
  "<=": "<=",
  ">=": ">=",
};

const GOES_ON_AS_VALUE = new Set(["is", "in", "like", "between", "not", "at"]);

/** Does the parenthesis that comes next hold a condition? Unless what follows it goes on with a value. */
function opensCondition(tokens: TokenStream): boolean {
  let depth = 0;
  for (let ahead = 0; ; ahead += 1) {
    const { kind, text } = tokens.peek(ahead);
    if (kind === "end") return true;
    if (kind !== "symbol") continue;
    if (text === "(") depth += 1;
    else if (text === ")") depth -= 1;
    if (depth > 0) continue;
    const after = tokens.peek(ahead + 1);
    if (after.kind === "symbol") return after.text === ")" || after.text === ";" || after.text === ",";
    return after.kind !== "word" || !GOES_ON_AS_VALUE.has(after.text.toLowerCase());
  }
}

function parseComparison(tokens: TokenStream): Expression {
  if (tokens.takeWords("exists")) {
    tokens.expectSymbol("(");
    return { kind: "exists", query: tokens.takeSubquery() };
  }
  const operand = parseValue(tokens);
  const operator = tokens.peek().kind === "symbol" ? COMPARISONS[tokens.peek().text] : undefined;
  if (operator) {
    tokens.next();
    return operation(operator, operand, parseValue(tokens));
  }
  if (tokens.takeWords("is")) {
    const negated = tokens.takeWords("not");
    tokens.expectWord("null", 908);
    return { kind: "isNull", operand, negated };
  }
  const negated = tokens.takeWords("not");
  if (tokens.takeWords("in")) return { kind: "in", operand, choices: parseChoices(tokens), negated };
  if (tokens.takeWords("like")) {
    const pattern = parseValue(tokens);
    const escapedBy = tokens.takeWords("escape") ? parseValue(tokens) : undefined;
    return { kind: "like", operand, pattern, negated, ...(escapedBy && { escapedBy }) };
  }
  if (tokens.takeWords("between")) {
    const low = parseValue(tokens);
    tokens.expectWord("and");
    const between = operation("and", operation(">=", operand, low), operation("<=", operand, parseValue(tokens)));
    return negated ? { kind: "not", operand: between } : between;
  }
  // REGEXP_LIKE and, in PL/SQL, every BOOLEAN are conditions by themselves; what is none is found when types are checked.
  if (!negated && (tokens.inBlock || isConditionCall(operand))) return operand;
  throw tokens.failure(920);
}

function isConditionCall(expression: Expression): boolean {
  return expression.kind === "call" && expression.path.join(".") === "REGEXP_LIKE";
}

function parseChoices(tokens: TokenStream) {
  if (!tokens.takeSymbol("(")) return [parseOperand(tokens)];
  if (tokens.isWord("select")) return tokens.takeSubquery();
  const choices = parseValues(tokens);
  tokens.expectSymbol(")");
  return choices;
}

/** What is no condition: a select item, an argument, one side of a comparison. */
export function parseValue(tokens: TokenStream): Expression {
  let left = parseProduct(tokens);
  for (;;) {
    const operator = (["+", "-", "||"] as const).find((symbol) => tokens.takeSymbol(symbol));
    if (!operator) return left;
    left = operation(operator, left, parseProduct(tokens));
  }
}

function parseProduct(tokens: TokenStream): Expression {
  let left = parseOperand(tokens);
  for (;;) {
    const operator = (["*", "/"] as const).find((symbol) => tokens.takeSymbol(symbol));
    if (!operator) return left;
    left = operation(operator, left, parseOperand(tokens));
  }
}

function operation(operator: Operator, left: Expression, right: Expression): Expression {
  return { kind: "operation", operator, left, right };
}

function parseOperand(tokens: TokenStream): Expression {
  let operand = parsePrimary(tokens);
  for (;;) {
    if (tokens.takeWords("at", "local")) operand = { kind: "atTimeZone", operand };
    else if (tokens.takeWords("at", "time", "zone"))
      operand = { kind: "atTimeZone", operand, zone: parsePrimary(tokens) };
    else return operand;
  }
}

function parsePrimary(tokens: TokenStream): Expression {
  if (tokens.takeSymbol("-")) return { kind: "negate", operand: parsePrimary(tokens) };
  if (tokens.takeSymbol("+")) return parsePrimary(tokens);
  if (tokens.takeWords("prior")) throw tokens.failure(976);
  if (tokens.takeSymbol("(")) {
    if (tokens.isWord("select") || tokens.isWord("with")) return { kind: "scalar", query: tokens.takeSubquery() };
    const inner = tokens.inBlock ? parseCondition(tokens) : parseValue(tokens);
    tokens.expectSymbol(")");
    return inner;
  }
  const token = tokens.peek();
  switch (token.kind) {
    case "string":
      tokens.next();
      return textLiteral(token.text);
    case "number":
      tokens.next();
      return { kind: "literal", value: canonicalNumber(token.text), type: number };
    case "bind":
      tokens.next();
      return { kind: "bind", name: token.text, index: tokens.bindIndex(token.text) };
    case "word":
      return parseWord(tokens);
    case "name":
      return parseNameOrCall(tokens);
    default:
      throw tokens.failure(936);
  }
}

function textLiteral(text: string): Expression {
  if (text === "") return { kind: "literal", value: null, type: untyped };
  return { kind: "literal", value: text, type: char(Buffer.byteLength(text)) };
}

function parseWord(tokens: TokenStream): Expression {
  if (tokens.takeWords("null")) return { kind: "literal", value: null, type: untyped };
  if (tokens.takeWords("case")) return parseCase(tokens);
  if (tokens.peek(1).kind === "string") {
    if (tokens.takeWords("date"))
      return { kind: "literal", value: parseTimeText(tokens.expectString(), "date"), type: date };
    if (tokens.takeWords("timestamp")) return timestampLiteral(tokens.expectString());
    if (tokens.takeWords("interval")) return parseInterval(tokens);
  }
  if (tokens.inBlock) {
    if (tokens.takeWords("true")) return { kind: "literal", value: true, type: boolean };
    if (tokens.takeWords("false")) return { kind: "literal", value: false, type: boolean };
  }
  if (tokens.isSymbol("(", 1)) {
    if (tokens.takeWords("cast")) return parseCast(tokens);
    if (tokens.isWord("count") && tokens.isSymbol("*", 2)) {
      for (let taken = 0; taken < 3; taken += 1) tokens.next();
      tokens.expectSymbol(")");
      return { kind: "countAll" };
    }
    if (tokens.isWord("trim")) return parseTrim(tokens);
    if (tokens.isWord("extract")) return parseExtract(tokens);
  }
  return parseNameOrCall(tokens);
}

function timestampLiteral(text: string): Expression {
  const value = parseTimeText(text, "timestamp");
  return { kind: "literal", value, type: value.length > 26 ? zonedTimestamp : timestamp };
}

/** `INTERVAL '24' HOUR`, `INTERVAL '1 02:03:04.5' DAY TO SECOND`. */
function parseInterval(tokens: TokenStream): Expression {
  const at = tokens.peek();
  const text = tokens.expectString();
  const from = takeField(tokens);
  const to = tokens.takeWords("to") ? takeField(tokens) : from;
  const value = intervalLiteral(text, from, to);
  if (value === undefined) throw tokens.failure(1867, at);
  return { kind: "literal", value, type: interval };
}

function parseCast(tokens: TokenStream): Expression {
  tokens.expectSymbol("(");
  const operand = parseValue(tokens);
  tokens.expectWord("as");
  const type = parseType(tokens);
  tokens.expectSymbol(")");
  return { kind: "cast", type, operand };
}

/** TRIM([[LEADING | TRAILING | BOTH] character FROM] text). */
function parseTrim(tokens: TokenStream): Expression {
  const { from: at } = tokens.next();
  tokens.expectSymbol("(");
  const side = (["leading", "trailing", "both"] as const).find((word) => tokens.takeWords(word));
  const first = tokens.isWord("from") ? textLiteral(" ") : parseValue(tokens);
  const operand = tokens.takeWords("from") ? parseValue(tokens) : undefined;
  if (side && !operand) throw tokens.failure(923);
  tokens.expectSymbol(")");
  const args = operand ? [operand, first] : [first];
  const name = side === "leading" ? "LTRIM" : side === "trailing" ? "RTRIM" : "TRIM";
  return { kind: "call", path: [name], arguments: args.map((value) => ({ value })), distinct: false, at };
}

/** EXTRACT(field FROM time). */
function parseExtract(tokens: TokenStream): Expression {
  const { from: at } = tokens.next();
  tokens.expectSymbol("(");
  const field = tokens.next();
  if (field.kind !== "word") throw tokens.failure(907, field);
  tokens.expectWord("from", 907);
  const operand = parseValue(tokens);
  tokens.expectSymbol(")");
  const args = [textLiteral(field.text.toUpperCase()), operand].map((value) => ({ value }));
  return { kind: "call", path: ["EXTRACT"], arguments: args, distinct: false, at };
}

function parseCase(tokens: TokenStream): Expression {
  const subject = tokens.isWord("when") ? undefined : parseValue(tokens);
  const branches: CaseBranch[] = [];
  while (tokens.takeWords("when")) {
    const condition = subject ? operation("=", subject, parseValue(tokens)) : parseCondition(tokens);
    tokens.expectWord("then");
    branches.push({ condition, result: parseValue(tokens) });
  }
  if (branches.length === 0) throw tokens.failure(905);
  const otherwise = tokens.takeWords("else") ? parseValue(tokens) : undefined;
  tokens.expectWord("end");
  return { kind: "case", branches, ...(otherwise && { otherwise }) };
}

function parseNameOrCall(tokens: TokenStream): Expression {
  const at = tokens.peek().from;
  const path = tokens.expectDottedName(936);
  if (tokens.isSymbol("(") && tokens.isSymbol("+", 1) && tokens.isSymbol(")", 2)) {
    for (let taken = 0; taken < 3; taken += 1) tokens.next();
    return { kind: "name", path, at, isOuter: true };
  }
  if (!tokens.takeSymbol("(")) return { kind: "name", path, at };
  const distinct = tokens.takeWords("distinct") || tokens.takeWords("unique");
  if (!distinct) tokens.takeWords("all");
  const args = tokens.isSymbol(")") ? [] : parseArguments(tokens);
  tokens.expectSymbol(")");
  return { kind: "call", path, arguments: args, distinct, at };
}

/** Up to the closing parenthesis, which is left. */
export function parseArguments(tokens: TokenStream): readonly Argument[] {
  const found: Argument[] = [];
  do {
    const name = tokens.isSymbol("=>", 1) ? tokens.expectName() : undefined;
    if (name !== undefined) tokens.next();
    const value = tokens.inBlock ? parseCondition(tokens) : parseValue(tokens);
    found.push({ value, ...(name !== undefined && { name }) });
  } while (tokens.takeSymbol(","));
  return found;
}

export function parseValues(tokens: TokenStream): readonly Expression[] {
  const list = [parseValue(tokens)];
  while (tokens.takeSymbol(",")) list.push(parseValue(tokens));
  return list;
}
