import { type Token, tokenize } from "./lexer.ts";
import { type ServerError, syntaxError } from "./server-error.ts";
import type { Select } from "./syntax.ts";

/** The tokens of a batch, and where the parser stands in them. Keywords are given in lower case. */
export class TokenStream {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  readonly #parseSelect: ((tokens: TokenStream) => Select) | undefined;
  #at = 0;

  /**
   * Expressions hold queries and queries hold expressions: how to parse a query is given, so that no two files need each
   * other; absent where no query may stand.
   * @throws ServerError 102 at what is no token
   */
  constructor(sql: string, parseSelect?: (tokens: TokenStream) => Select) {
    this.#sql = sql;
    this.#tokens = tokenize(sql);
    this.#end = { kind: "end", text: "", from: sql.length, to: sql.length };
    this.#parseSelect = parseSelect;
  }

  /** `SELECT …` up to the parenthesis that closes it, which is taken too. */
  takeSubquery(): Select {
    if (!this.#parseSelect) throw this.unexpected();
    const query = this.#parseSelect(this);
    this.expectSymbol(")");
    return query;
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

  expectWord(word: string): void {
    if (!this.takeWords(word)) throw this.unexpected();
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected();
  }

  expectVariable(): string {
    const token = this.next();
    if (token.kind !== "variable") throw syntaxError(token.text);
    return token.text.toLowerCase();
  }

  /** A name, in quotes or not. */
  expectName(): string {
    const token = this.next();
    if (token.kind !== "word" && token.kind !== "name") throw syntaxError(token.text);
    return token.text;
  }

  /** `a.b.c`, where parts may be empty (`msdb..x`). */
  expectDottedName(): readonly string[] {
    const parts = [this.expectName()];
    while (this.takeSymbol(".")) parts.push(this.isSymbol(".") ? "" : this.expectName());
    return parts;
  }

  expectEnd(): void {
    if (this.peek().kind !== "end") throw this.unexpected();
  }

  unexpected(token: Token = this.peek()): ServerError {
    return syntaxError(token.text);
  }
}
