import { expect, test } from "vitest";
import { parseServerAddress } from "./server-address.ts";

const EXPECTED = { host: "db.example.com", port: 14330, user: "sa", password: "p;'w", tls: "required" };

test.each([
  ["ADO", `Server=tcp:db.example.com,14330;User Id=sa;Password='p;''w';Encrypt=true;TrustServerCertificate=true`, true],
  ["ADO with synonyms", `Data Source=db.example.com,14330;uid=sa;pwd="p;'w"`, false],
  ["a URL", "mssql://sa:p%3B%27w@db.example.com:14330?encrypt=true&trustServerCertificate=true", true],
  ["a URL without options", "mssql://sa:p%3B%27w@db.example.com:14330/master", false],
])("%s", (_, text, trustServerCertificate) => {
  expect(parseServerAddress(text)).toEqual({ ...EXPECTED, trustServerCertificate });
});

test.each([
  ["Server=h;User Id=sa;Password=x;Encrypt=strict", "strict"],
  ["Server=h;User Id=sa;Password=x;Encrypt=false", "off"],
  ["Server=h;User Id=sa;Password=x", "required"],
  ["mssql://sa:x@h?encrypt=strict", "strict"],
  ["mssql://sa:x@h?encrypt=false", "off"],
])("%s", (text, tls) => {
  expect(parseServerAddress(text)).toMatchObject({ host: "h", port: 1433, tls });
});

test.each([
  "Server=h;Integrated Security=true",
  "mssql://h",
  "mssql://%",
  "Server=h\\instance;User Id=sa;Password=hunter2",
])("%s is refused without showing what was given", (text) => {
  const refusal = () => parseServerAddress(text);
  expect(refusal).toThrow("DAS_TEST_SQLSERVER");
  expect(refusal).not.toThrow("hunter2");
});
