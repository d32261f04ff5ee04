import type { OracleError } from "../oracle-error.ts";
import { type Token, tokenize } from "./lexer.ts";
import { type MessageNumber, oracleError } from "./messages.ts";
import { RESERVED_WORDS } from "./reserved-words.ts";
import type { Query } from "./syntax.ts";

/** The tokens of a statement, and where the parser stands in them. Keywords are given in lower case. */
export class TokenStream {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  readonly #parseQuery: (tokens: TokenStream) => Query;
  #at = 0;
  /** Names of the placeholders, in the order in which the client sends their values. */
  readonly binds: string[] = [];
  /** Inside PL/SQL a condition is a value, and what would be a missing FROM in SQL is an error of its compiler. */
  inBlock = false;

  /**
   * Expressions hold queries and queries hold expressions: how to parse a query is given, so that no two files need each
   * other.
   * @throws OracleError at what is no token
   */
  constructor(sql: string, parseQuery: (tokens: TokenStream) => Query) {
    this.#sql = sql;
    this.#tokens = tokenize(sql);
    this.#end = { kind: "end", text: "", from: sql.length, to: sql.length };
    this.#parseQuery = parseQuery;
  }

  /** The query up to the parenthesis that closes it, which is taken too. */
  takeSubquery(): Query {
    const query = this.#parseQuery(this);
    this.expectSymbol(")");
    return query;
  }

  parseQuery(): Query {
    return this.#parseQuery(this);
  }

  get sql(): string {
    return this.#sql;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }

  /** The text as it was written, from the place of a token up to the token that was taken last. */
  textFrom(from: Token): string {
    return this.#sql.slice(from.from, this.#tokens[this.#at - 1]?.to ?? from.to);
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "word" && token.text.toLowerCase() === word;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "symbol" && token.text === symbol;
  }

  /** Takes the words if all of them come next. */
  takeWords(...words: readonly string[]): boolean {
    if (!words.every((word, ahead) => this.isWord(word, ahead))) return false;
    this.#at += words.length;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at += 1;
    return true;
  }

  /** @throws OracleError with the code that the server has for this word's absence */
  expectWord(word: string, code: MessageNumber = 905): void {
    if (!this.takeWords(word)) throw this.failure(code);
  }

  expectSymbol(symbol: string, code: MessageNumber = symbol === ")" ? 907 : symbol === "(" ? 906 : 900): void {
    if (!this.takeSymbol(symbol)) throw this.failure(code);
  }

  /** Does a name come next? Reserved words are none. */
  isName(ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === "name" || (kind === "word" && !RESERVED_WORDS.has(text.toUpperCase()));
  }

  /** A name: in upper case, unless it was quoted. */
  expectName(code: MessageNumber = 931): string {
    if (!this.isName()) throw this.failure(code);
    const { kind, text } = this.next();
    if (Buffer.byteLength(text) > 128) throw this.failure(972);
    return kind === "name" ? text : text.toUpperCase();
  }

  /** `a.b.c`. */
  expectDottedName(code: MessageNumber = 931): readonly string[] {
    const parts = [this.expectName(code)];
    while (this.isSymbol(".") && this.peek(1).kind !== "symbol") {
      this.next();
      parts.push(this.expectName(code));
    }
    return parts;
  }

  expectString(code: MessageNumber = 936): string {
    const token = this.next();
    if (token.kind !== "string") throw this.failure(code, token);
    return token.text;
  }

  expectInteger(code: MessageNumber = 2017): number {
    const token = this.next();
    if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw this.failure(code, token);
    return Number(token.text);
  }

  /** In SQL every placeholder has a value of its own; in PL/SQL every name has one. */
  bindIndex(name: string): number {
    const known = this.inBlock ? this.binds.indexOf(name) : -1;
    return known >= 0 ? known : this.binds.push(name) - 1;
  }

  expectEnd(code: MessageNumber = 933): void {
    if (this.isSymbol(";")) throw this.failure(911);
    if (this.peek().kind !== "end") throw this.failure(code);
  }

  failure(code: MessageNumber, token: Token = this.peek(), details: readonly string[] = []): OracleError {
    return oracleError(code, details, token.from);
  }
}
