/**
 * Text that a tag of a stream may hold. Kinesis documents letters, digits, blanks and `_ . / = + - % @`, and was seen to
 * refuse `%` and `.`; the colons of an ARN are in neither list. So whatever is not in both is written as `=` and two
 * hexadecimal digits a byte of UTF-8.
 */
export function toTagText(text: string): string {
  return text.replace(/[^A-Za-z0-9_/+@-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** @returns undefined when the text was not made by `toTagText` */
export function fromTagText(tagText: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_/+@-]|=[0-9A-F]{2})*$/.test(tagText)) return undefined;
  const bytes = tagText.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return toTagText(text) === tagText ? text : undefined;
}
