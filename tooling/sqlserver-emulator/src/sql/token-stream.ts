import type { Token } from "./lexer.ts";
import { type ServerError, syntaxError } from "./server-error.ts";
import type { Select } from "./syntax.ts";

const END: Token = { kind: "end", text: "" };

/** The tokens of a batch, and where the parser stands in them. Keywords are given in lower case. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #parseSelect: (tokens: TokenStream) => Select;
  #at = 0;

  /** Expressions hold queries and queries hold expressions: how to parse a query is given, so that no two files need each other. */
  constructor(tokens: readonly Token[], parseSelect: (tokens: TokenStream) => Select) {
    this.#tokens = tokens;
    this.#parseSelect = parseSelect;
  }

  /** `SELECT …` up to the parenthesis that closes it, which is taken too. */
  takeSubquery(): Select {
    const query = this.#parseSelect(this);
    this.expectSymbol(")");
    return query;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? END;
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

  unexpected(): ServerError {
    return syntaxError(this.peek().text);
  }
}
