/** One comparison of an audit's predicate: `[session_server_principal_name]<>N'rds_das_reader'`. */
export interface PredicateTerm {
  /** Lower case. */
  readonly field: string;
  readonly operator: string;
  readonly literal: string;
  /** As written. */
  readonly text: string;
}

const TOKEN = /\s+|\[((?:[^\]]|\]\])+)\]|(N?'(?:[^']|'')*')|(<>|!=|<=|>=|=|<|>|\(|\))|(-?\d+|\w+)/gy;

interface Token {
  readonly kind: "field" | "text" | "symbol" | "word";
  readonly value: string;
  readonly written: string;
}

const OPERATORS: ReadonlySet<string> = new Set(["<>", "!=", "=", "<", ">", "<=", ">="]);

/**
 * The comparisons that a row must all pass. undefined when the predicate is more than comparisons joined by AND: then
 * nobody should guess what it lets pass.
 */
export function readPredicate(predicate: string): readonly PredicateTerm[] | undefined {
  const tokens = tokensOf(predicate);
  if (tokens?.some(({ kind, value }) => kind === "word" && /^(or|not|like|in)$/i.test(value)) !== false)
    return undefined;
  // Between comparisons that are only joined by AND, parentheses say nothing.
  const flat = tokens.filter(({ kind, value }) => !(kind === "symbol" && /^[()]$/.test(value)));
  const terms: PredicateTerm[] = [];
  for (let at = 0; at < flat.length; at += 4) {
    const [field, operator, literal, and] = flat.slice(at, at + 4);
    const isTerm = field && literal && operator && OPERATORS.has(operator.value) && literal.kind !== "field";
    if (!isTerm || (field.kind !== "field" && field.kind !== "word")) return undefined;
    if (and && !(and.kind === "word" && and.value.toLowerCase() === "and")) return undefined;
    const text = `${field.written} ${operator.written} ${literal.written}`;
    terms.push({ field: field.value.toLowerCase(), operator: operator.value, literal: literal.value, text });
  }
  return terms;
}

function tokensOf(predicate: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of predicate.matchAll(TOKEN)) {
    const [written, field, text, symbol, word] = match;
    end = match.index + written.length;
    if (field !== undefined) tokens.push({ kind: "field", value: field.replaceAll("]]", "]"), written });
    else if (text !== undefined) {
      const value = text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'");
      tokens.push({ kind: "text", value, written });
    } else if (symbol !== undefined) tokens.push({ kind: "symbol", value: symbol, written });
    else if (word !== undefined) tokens.push({ kind: "word", value: word, written });
  }
  return end === predicate.length ? tokens : undefined;
}
