/** Where a value that begins at a place ends by its length; Infinity when no value of that length can. */
type EndOfValue = (text: string, begin: number, length: number) => number;

/** Every UTF-16 unit counts one: characters of the character sets UTF8 and AL16UTF16, and anything that is ASCII. */
const byUnits: EndOfValue = (_text, begin, length) => begin + length;

/** Bytes of AL16UTF16, the national character set. */
const byPairsOfBytes: EndOfValue = (_text, begin, length) =>
  length % 2 === 0 ? begin + length / 2 : Number.POSITIVE_INFINITY;

/**
 * What the length of a value may count. Nobody has said which it is (Oracle notes §10), and what is counted may depend
 * on the database's character set.
 */
const COUNTS: readonly EndOfValue[] = [
  // Bytes of AL32UTF8.
  counting((codePoint) => (codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4)),
  // Characters; also bytes of a single-byte character set.
  counting(() => 1),
  byUnits,
  // Bytes of the character set UTF8, in which a supplementary character takes six.
  counting((codePoint) => (codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 6)),
  // Bytes of the double-byte character sets of East Asia.
  counting((codePoint) => (codePoint < 0x80 ? 1 : 2)),
  byPairsOfBytes,
];

/** What is left of these where every character is ASCII. */
const ASCII_COUNTS: readonly EndOfValue[] = [byUnits, byPairsOfBytes];

/** ` #1(5):` in front of each value: its position and its length. */
const HEADER = / ?#(\d+)\((\d+)\):/y;

/**
 * The bind values of SQL_BINDS in the order of their positions: ` #1(5):hello #2(1):7` → `["hello", "7"]`. A value of
 * length 0 is a NULL bind and left out (wire format §5.2).
 *
 * A value ends by its length, never by what looks like the next one, because a value may look like that itself. A
 * length is believed when it leads to the end of the text or to the item with the next number. What the lengths count
 * is what does so for the whole text, or else, for each item, the first that does.
 *
 * Total, and nothing is lost: from where no length leads on (the text was cut off, or is not of this form at all) the
 * rest of the text, headers and all, is the last value. NULs at the end of the text belong to the value before them.
 */
export function parseSqlBinds(text: string | null): string[] {
  if (text === null || text === "") return [];
  const counts = Buffer.byteLength(text) === text.length ? ASCII_COUNTS : COUNTS;
  for (const endOfValue of counts) {
    const { values, end } = readItems(text, [endOfValue]);
    if (end === text.length) return values;
  }
  const { values, end } = readItems(text, counts);
  return end === text.length ? values : [...values, text.slice(end)];
}

/** @returns the values from the beginning on whose length leads somewhere, and where the last of them ends */
function readItems(text: string, counts: readonly EndOfValue[]): { readonly values: string[]; readonly end: number } {
  const values: string[] = [];
  let end = 0;
  while (end < text.length) {
    HEADER.lastIndex = end;
    const [header, number, length] = HEADER.exec(text) ?? [];
    if (header === undefined) break;
    const begin = end + header.length;
    const next = ` #${Number(number) + 1}(`;
    const leadsOn = (at: number) => isEndOfText(text, at) || text.startsWith(next, at);
    const found = counts.map((endOfValue) => endOfValue(text, begin, Number(length))).find(leadsOn);
    if (found === undefined) break;
    end = isEndOfText(text, found) ? text.length : found;
    if (end > begin) values.push(text.slice(begin, end));
  }
  return { values, end };
}

function counting(width: (codePoint: number) => number): EndOfValue {
  return (text, begin, length) => {
    let at = begin;
    let counted = 0;
    while (counted < length && at < text.length) {
      const codePoint = text.codePointAt(at) ?? 0;
      counted += width(codePoint);
      at += codePoint < 0x1_0000 ? 1 : 2;
    }
    return counted === length ? at : Number.POSITIVE_INFINITY;
  };
}

/** Some clients end a text with NULs (Oracle notes §1.3). */
function isEndOfText(text: string, at: number): boolean {
  let end = at;
  while (text[end] === "\0") end += 1;
  return end === text.length;
}
