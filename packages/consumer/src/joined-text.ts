/**
 * A text that comes in pieces, beside another one that may need more of them. Once a piece is shorter than the length
 * at which texts are cut, the text has ended, and what still comes is no part of it: SQL Server repeats it in each
 * further row, or leaves it empty (SQL Server notes §2.2; which of the two is unverified, so both are understood).
 */
export class JoinedText {
  readonly #pieceLength: number;
  #last: string;
  #parts: string[];
  #length: number;
  #ended: boolean;

  constructor(first: string, pieceLength: number) {
    this.#pieceLength = pieceLength;
    this.#last = first;
    this.#parts = [first];
    this.#length = first.length;
    this.#ended = first.length < pieceLength;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.#parts.join("");
  }

  append(piece: string): void {
    const isRepetition = this.#ended && (piece === "" || piece === this.#last);
    if (isRepetition) return;
    // A text that goes on after its end: unheard of, but better too long than cut.
    this.#parts.push(piece);
    this.#last = piece;
    this.#length += piece.length;
    this.#ended ||= piece.length < this.#pieceLength;
  }
}
