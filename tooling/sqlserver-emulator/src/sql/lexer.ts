import { syntaxError } from "./server-error.ts";

/** `word` is a bare identifier or keyword; `name` is one in brackets or double quotes. */
export interface Token {
  readonly kind: "word" | "name" | "string" | "number" | "binary" | "variable" | "symbol" | "end";
  /** Without quotes; a string's and a name's doubled quotes are single. */
  readonly text: string;
  /** `N'…'`. */
  readonly national?: true;
  /** Where it begins and ends in the text. */
  readonly from: number;
  readonly to: number;
}

const PATTERN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<national>N)?'(?<string>(?:[^']|'')*)'|\[(?<bracketed>(?:[^\]]|\]\])*)\]|"(?<quoted>(?:[^"]|"")*)"|(?<binary>0x[0-9a-f]*)|(?<number>\d+(?:\.\d+)?)|(?<variable>@@?[\p{L}_#$@\d]+)|(?<word>[\p{L}_#][\p{L}_#$@\d]*)|(?<symbol><>|!=|<=|>=|::|[-+*/%(),.;=<>])/giuy;

/** T-SQL as tokens, without blanks and comments. */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    PATTERN.lastIndex = at;
    const groups = PATTERN.exec(sql)?.groups;
    if (!groups) throw syntaxError(sql.slice(at, at + 20).split(/\s/)[0] ?? "");
    const to = PATTERN.lastIndex;
    if (groups.space === undefined) tokens.push({ ...tokenOf(groups), from: at, to });
    at = to;
  }
  tokens.push({ kind: "end", text: "", from: sql.length, to: sql.length });
  return tokens;
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Omit<Token, "from" | "to"> {
  const { string, national, bracketed, quoted, binary, number, variable, word, symbol } = groups;
  if (string !== undefined) {
    const text = string.replaceAll("''", "'");
    return national === undefined ? { kind: "string", text } : { kind: "string", text, national: true };
  }
  if (bracketed !== undefined) return { kind: "name", text: bracketed.replaceAll("]]", "]") };
  if (quoted !== undefined) return { kind: "name", text: quoted.replaceAll('""', '"') };
  if (binary !== undefined) return { kind: "binary", text: binary };
  if (number !== undefined) return { kind: "number", text: number };
  if (variable !== undefined) return { kind: "variable", text: variable };
  if (word !== undefined) return { kind: "word", text: word };
  return { kind: "symbol", text: symbol ?? "" };
}
