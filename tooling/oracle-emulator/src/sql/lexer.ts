import { oracleError } from "./messages.ts";

/** `word` is a bare identifier or keyword; `name` is one in double quotes; `bind` is `:name` or `:1`. */
export interface Token {
  readonly kind: "word" | "name" | "string" | "number" | "bind" | "symbol" | "end";
  /** Without quotes; a string's doubled quotes are single; a bind's name in upper case. */
  readonly text: string;
  /** Where it begins and ends in the text. */
  readonly from: number;
  readonly to: number;
}

const PATTERN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|N?'(?<string>(?:[^']|'')*)'|"(?<quoted>[^"]*)"|(?<number>(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:e[-+]?\d+)?)|:\s*(?<bind>[\p{L}\d][\p{L}\d_$#]*)|(?<word>\p{L}[\p{L}\d_$#]*)|(?<symbol>\|\||<>|!=|\^=|<=|>=|=>|:=|\.\.|[-+*/%@(),.;=<>])/giuy;

const CLOSING: Readonly<Record<string, string>> = { "[": "]", "{": "}", "(": ")", "<": ">" };

/** SQL or PL/SQL as tokens, without blanks and comments. @throws OracleError 911, 1740, 1741, 1742, 1756 */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const alternative = alternativeQuote(sql, at);
    if (alternative) {
      tokens.push(alternative);
      at = alternative.to;
      continue;
    }
    PATTERN.lastIndex = at;
    const groups = PATTERN.exec(sql)?.groups;
    if (!groups) throw illegal(sql, at);
    const to = PATTERN.lastIndex;
    if (groups.space === undefined) {
      if (groups.quoted === "") throw oracleError(1741, [], at);
      // `/*` that is not a comment begins one that never ends.
      if (groups.symbol === "/" && sql[to] === "*") throw oracleError(1742, [], at);
      tokens.push({ ...tokenOf(groups), from: at, to });
    }
    at = to;
  }
  tokens.push({ kind: "end", text: "", from: sql.length, to: sql.length });
  return tokens;
}

function illegal(sql: string, at: number) {
  if (sql[at] === "'" || /^n'/i.test(sql.slice(at, at + 2))) return oracleError(1756, [], at);
  return oracleError(sql[at] === '"' ? 1740 : 911, [], at);
}

/** `q'[…]'`. */
function alternativeQuote(sql: string, at: number): Token | undefined {
  const opening = /^n?q'([\s\S])/i.exec(sql.slice(at, at + 4));
  const delimiter = opening?.[1];
  if (!opening || delimiter === undefined) return undefined;
  const begin = at + opening[0].length;
  const end = sql.indexOf(`${CLOSING[delimiter] ?? delimiter}'`, begin);
  if (end < 0) throw oracleError(1756, [], at);
  return { kind: "string", text: sql.slice(begin, end), from: at, to: end + 2 };
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Omit<Token, "from" | "to"> {
  const { string, quoted, number, bind, word, symbol } = groups;
  if (string !== undefined) return { kind: "string", text: string.replaceAll("''", "'") };
  if (quoted !== undefined) return { kind: "name", text: quoted };
  if (number !== undefined) return { kind: "number", text: number };
  if (bind !== undefined) return { kind: "bind", text: bind.toUpperCase() };
  if (word !== undefined) return { kind: "word", text: word };
  return { kind: "symbol", text: symbol ?? "" };
}
