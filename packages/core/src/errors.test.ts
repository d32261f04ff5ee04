import { expect, test } from "vitest";
import { ConfigurationError, UnavailableError } from "./errors.ts";

test("an error says who, what and what to do, and whether to try again", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new UnavailableError({
    who: "sqlserver-reader",
    what: "no connection to 10.0.1.30:1433",
    remedy: "Check instances[0].host and port",
    code: "database-unreachable",
    cause,
  });
  expect(error.message).toBe("sqlserver-reader: no connection to 10.0.1.30:1433. Check instances[0].host and port.");
  expect(error).toMatchObject({ name: "UnavailableError", retryable: true, cause });
  expect(new ConfigurationError({ who: "das", what: "w", remedy: "r", code: "C" }).retryable).toBe(false);
});

test("an error lists its details below", () => {
  const error = new ConfigurationError({
    who: "das",
    what: "2 problems",
    details: ["a", "b"],
    remedy: "Mend",
    code: "c",
  });
  expect(error.message).toBe("das: 2 problems:\n  a\n  b\nMend.");
});
