import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClientAddress, parseAuthenticationType } from "./parse-authentication-type.ts";

const NOWHERE: ClientAddress = { protocol: null, host: null, port: null };
const TCP: ClientAddress = { protocol: "tcp", host: "10.0.5.17", port: "51522" };

describe("the client's address", () => {
  const shapes: Readonly<Record<string, readonly [text: string | null, address: ClientAddress]>> = {
    "with an ADDRESS level": [
      "(TYPE=(DATABASE));(CLIENT ADDRESS=((ADDRESS=(PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522))));",
      TCP,
    ],
    "without it (21c)": ["(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522)));", TCP],
    "of a local client, without a port": [
      "(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=beq)(HOST=10.1.2.3)));",
      { protocol: "beq", host: "10.1.2.3", port: null },
    ],
    "of a scheduler job": [
      "(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=unknown)(HOST=172.17.0.1)));",
      { protocol: "unknown", host: "172.17.0.1", port: null },
    ],
    "before groups that nobody knows": [
      "(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522)));" +
        "(LOGON_INFO=((VERIFIER=12C-OLD)(HOST=elsewhere)(CLIENT_CAPABILITIES=O5L_NP,O7L_MR)));",
      TCP,
    ],
    "behind groups that nobody knows": [
      "(TYPE=(EXTERNAL));(PROXY=((PROTOCOL=none)(HOST=elsewhere)(PORT=1)));" +
        "(CLIENT ADDRESS=((PROTOCOL=tcps)(HOST=2001:db8::1)(PORT=2484)));",
      { protocol: "tcps", host: "2001:db8::1", port: "2484" },
    ],
    "with an empty host and a port that is no number": [
      "(CLIENT ADDRESS=((PROTOCOL=tcp)(HOST=)(PORT=http)));",
      { protocol: "tcp", host: null, port: null },
    ],
    "of which the first counts": [
      "(CLIENT ADDRESS=((ADDRESS=(PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522))(ADDRESS=(PROTOCOL=beq)(HOST=h)(PORT=1))));",
      TCP,
    ],
    "that was cut off": [
      "(TYPE=(DATABASE));(CLIENT ADDRESS=((PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=515",
      { ...TCP, port: null },
    ],
    "that is not there": ["(TYPE=(DATABASE));", NOWHERE],
    "that is NULL": [null, NOWHERE],
    "with names that only end alike": ["(CLIENT ADDRESS=((XPROTOCOL=tcp)(VHOST=h)(SPORT=1)));", NOWHERE],
    "with parentheses that nothing opened": [")))(CLIENT ADDRESS=((PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522)));", TCP],
  };
  for (const [name, [text, address]] of Object.entries(shapes)) {
    test(name, () => expect(parseAuthenticationType(text)).toEqual(address));
  }

  test("is what the first matches within CLIENT ADDRESS are, whatever stands around it", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "Z", "9", ".", ":", "-", " ", "é"), minLength: 1 });
    const { text } = fc.letrec<{ text: string; value: string }>((tie) => ({
      value: fc.oneof({ depthSize: "small" }, word, tie("text")),
      text: fc
        .array(fc.tuple(fc.oneof(word, fc.constantFrom("PROTOCOL", "HOST", "PORT", "ADDRESS")), tie("value")), {
          maxLength: 3,
        })
        .map((groups) => groups.map(([name, value]) => `(${name}=${value})`).join("")),
    }));
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (before, within, after, wrapped) => {
        const address = wrapped ? `(${within})` : within;
        const found = (pattern: RegExp) => pattern.exec(address)?.[1] ?? null;
        expect(parseAuthenticationType(`${before};(CLIENT ADDRESS=${address});${after}`)).toEqual({
          protocol: found(/\(PROTOCOL=([^()]+)\)/),
          host: found(/\(HOST=([^()]+)\)/),
          port: found(/\(PORT=(\d+)\)/),
        });
      }),
    );
  });

  test("is taken from any text without an error, however deep", () => {
    const part = fc.constantFrom("(", ")", "=", ";", "CLIENT ADDRESS", "HOST", "PORT", "(CLIENT ADDRESS=", "7", "\0");
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const { port } = parseAuthenticationType(parts.join(""));
        expect(port ?? "0").toMatch(/^\d+$/);
      }),
    );
    expect(parseAuthenticationType(`(CLIENT ADDRESS=${"(".repeat(200_000)}HOST=deep`)).toEqual(NOWHERE);
  });
});
