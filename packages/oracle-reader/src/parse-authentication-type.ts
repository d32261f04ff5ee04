/** Where a client connected from, as AUTHENTICATION_TYPE has it. */
export interface ClientAddress {
  /** As in the source: `tcp`, `tcps`, `beq`, `unknown`. */
  readonly protocol: string | null;
  readonly host: string | null;
  /** Decimal digits. */
  readonly port: string | null;
}

const ADDRESS_GROUP = "CLIENT ADDRESS";

/**
 * Takes the client's address out of the nested `(NAME=value)` groups of AUTHENTICATION_TYPE (Oracle notes §1.3,
 * wire format §5.2):
 *
 *     (TYPE=(DATABASE));(CLIENT ADDRESS=((ADDRESS=(PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522))));
 *
 * However deep within CLIENT ADDRESS they stand, the first PROTOCOL, HOST and PORT count. All other groups are passed
 * over. Total: of text that is cut off or unbalanced it gives the groups that are whole.
 */
export function parseAuthenticationType(text: string | null): ClientAddress {
  const address = { protocol: null, host: null, port: null };
  if (text !== null) readGroups(text, address);
  return address;
}

function readGroups(text: string, address: { -readonly [Member in keyof ClientAddress]: string | null }): void {
  /** Where each group that is open begins, behind its parenthesis. */
  const begins: number[] = [];
  let isInAddress = false;
  /** Nothing was opened since the last group: what closes now holds a plain value. */
  let isLeaf = false;
  for (let at = nextParenthesis(text, 0); at < text.length; at = nextParenthesis(text, at + 1)) {
    if (text[at] === "(") {
      if (begins.length === 0) isInAddress = text.startsWith(`${ADDRESS_GROUP}=`, at + 1);
      begins.push(at + 1);
      isLeaf = true;
      continue;
    }
    const begin = begins.pop();
    if (begin !== undefined && isInAddress && isLeaf) noteLeaf(text.slice(begin, at), address);
    isLeaf = false;
  }
}

function nextParenthesis(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "(" && text[at] !== ")") at += 1;
  return at;
}

function noteLeaf(group: string, address: { -readonly [Member in keyof ClientAddress]: string | null }): void {
  const end = group.indexOf("=");
  const value = group.slice(end + 1);
  if (end < 0 || value === "") return;
  const name = group.slice(0, end);
  if (name === "PROTOCOL") address.protocol ??= value;
  else if (name === "HOST") address.host ??= value;
  else if (name === "PORT" && /^\d+$/.test(value)) address.port ??= value;
}
