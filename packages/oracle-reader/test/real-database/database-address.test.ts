import { expect, test } from "vitest";
import { parseDatabaseAddress } from "./database-address.ts";

const EXPECTED = { host: "db.example.com", port: 1522, service: "freepdb1", user: "sys", password: "p-w" };

test.each([
  ["plain", "sys/p-w@db.example.com:1522/freepdb1", EXPECTED],
  ["as an EZCONNECT address", "sys/p-w@//db.example.com:1522/freepdb1", EXPECTED],
  ["quoted, with delimiters", 'sys/"p@w/d:1"@db.example.com:1522/freepdb1', { ...EXPECTED, password: "p@w/d:1" }],
  ["a slash in a password", "sys/p/w@db.example.com:1522/freepdb1", { ...EXPECTED, password: "p/w" }],
  ["without a port", "sys/p-w@db.example.com/freepdb1", { ...EXPECTED, port: 1521 }],
  ["IPv6", "sys/p-w@[::1]:1522/freepdb1", { ...EXPECTED, host: "::1" }],
])("%s", (_, text, address) => {
  expect(parseDatabaseAddress(text)).toEqual(address);
});

test("with a wallet", () => {
  expect(parseDatabaseAddress("a/b@h/s", "/wallet")).toMatchObject({ walletLocation: "/wallet" });
});

test.each(["sys@h:1521/s", "sys/hunter2", "sys/hunter2@h:1521", "/hunter2@h/s", "sys/hunter2@h:port/s"])(
  "%s is refused without showing what was given",
  (text) => {
    const refusal = () => parseDatabaseAddress(text);
    expect(refusal).toThrow("DAS_TEST_ORACLE");
    expect(refusal).not.toThrow("hunter2");
  },
);
