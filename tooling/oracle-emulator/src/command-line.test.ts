import { describe, expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";

const parse = (...args: string[]) => parseCommandLine(args, (name) => (name === "SECRET" ? "top-secret" : undefined));

describe("the command line", () => {
  test("has a default for everything", () => {
    expect(parse()).toEqual({
      host: "127.0.0.1",
      port: 11_521,
      tls: "on",
      caFile: undefined,
      user: "das_reader",
      password: undefined,
      release: "19c",
      databaseName: "ORCL",
      uniqueName: "ORCL",
      pluggables: [],
      rate: 100,
      seed: 1,
      preload: 0,
      preloadSpan: 3_600_000,
      partitionInterval: undefined,
      commitDelay: 0,
      json: false,
      control: false,
    });
  });

  test("takes durations, intervals and names as people write them", () => {
    expect(
      parse("--commit-delay", "500ms", "--preload-span", "15m", "--rate", "0.5", "--partition-interval", "5m"),
    ).toMatchObject({
      commitDelay: 500,
      preloadSpan: 900_000,
      rate: 0.5,
      partitionInterval: { number: 5, unit: "MINUTE" },
    });
    expect(parse("--database-name", "sales", "--pdb", "hr", "--pdb", "Crm")).toMatchObject({
      databaseName: "SALES",
      uniqueName: "SALES",
      pluggables: ["HR", "CRM"],
    });
    expect(parse("--db-unique-name", "orcl_b").uniqueName).toBe("ORCL_B");
  });

  test("releases that know container databases only have one to begin with", () => {
    expect(parse("--release", "23ai").pluggables).toEqual(["ORCLPDB1"]);
    expect(parse("--release", "18c").pluggables).toEqual([]);
  });

  test("takes the password from the variable that it names", () => {
    expect(parse("--password-env", "SECRET").password).toBe("top-secret");
  });

  test.each([
    [["--port", "99999"], "A whole number from 0 to 65535 is wanted"],
    [["--rate", "-1"], "A number of at least 0 is wanted"],
    [["--seed", "x"], "A whole number from 0 to 4294967295 is wanted"],
    [["--partition-interval", "often"], "An interval like 30s, 5m, 1h or 1d is wanted"],
    [["--partition-interval", "0h"], "An interval like 30s, 5m, 1h or 1d is wanted"],
    [["--commit-delay", "soon"], "A duration like 500ms, 30s or 6h is wanted"],
    [["--database-name", "1st"], "A name of up to 30 letters"],
    [["--release", "11g"], "Allowed choices are"],
    [["--tls", "maybe"], "Allowed choices are"],
    [["--unheard"], "unknown option"],
    [["--password-env", "NOT_SET"], "--password-env names NOT_SET, which is not set"],
  ])("%j is refused with a reason", (args, reason) => {
    expect(() => parse(...args)).toThrow(reason);
  });
});
