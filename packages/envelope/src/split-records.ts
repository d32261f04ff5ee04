/**
 * Splits data in which outer records may stand one after another: `}{`, newline or blanks between them, as behind
 * Firehose (wire format §§2, 12). Follows braces and strings, so text inside strings never splits a record.
 *
 * Loses nothing and never fails: what is no object, an unfinished one and data without any are yielded as they are,
 * and opening them says what they are not.
 */
export function* splitRecords(data: Uint8Array): Generator<Uint8Array, void> {
  let any = false;
  let start = skipBlanks(data, 0);
  while (start < data.byteLength) {
    const end = data[start] === OPENING_BRACE ? endOfObject(data, start) : endOfOther(data, start);
    yield data.subarray(start, end);
    any = true;
    start = skipBlanks(data, end);
  }
  if (!any) yield data;
}

// Structural characters of JSON are ASCII, and no byte of a longer UTF-8 character is: bytes are compared as they are.
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function skipBlanks(data: Uint8Array, from: number): number {
  let position = from;
  while (position < data.byteLength && isBlank(data[position])) position += 1;
  return position;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endOfObject(data: Uint8Array, start: number): number {
  let depth = 0;
  for (let position = start; position < data.byteLength; position += 1) {
    const byte = data[position];
    if (byte === QUOTE) {
      position = endOfString(data, position);
    } else if (byte === OPENING_BRACE) {
      depth += 1;
    } else if (byte === CLOSING_BRACE) {
      depth -= 1;
      if (depth === 0) return position + 1;
    }
  }
  return data.byteLength;
}

/** The position of the quote that closes the string, or the end of the data. Nearly all of a record is in strings. */
function endOfString(data: Uint8Array, openingQuote: number): number {
  let quote = data.indexOf(QUOTE, openingQuote + 1);
  while (quote >= 0 && isEscaped(data, quote)) quote = data.indexOf(QUOTE, quote + 1);
  return quote < 0 ? data.byteLength : quote;
}

/** An odd number of backslashes before a character escapes it. */
function isEscaped(data: Uint8Array, position: number): boolean {
  let first = position;
  while (data[first - 1] === BACKSLASH) first -= 1;
  return (position - first) % 2 === 1;
}

function endOfOther(data: Uint8Array, start: number): number {
  const brace = data.indexOf(OPENING_BRACE, start);
  return brace < 0 ? data.byteLength : brace;
}
