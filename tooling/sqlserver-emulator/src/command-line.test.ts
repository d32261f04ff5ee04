import { describe, expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";

const parse = (...args: string[]) => parseCommandLine(args, (name) => (name === "SECRET" ? "top-secret" : undefined));

describe("the command line", () => {
  test("has a default for everything", () => {
    expect(parse()).toEqual({
      host: "127.0.0.1",
      port: 11_433,
      tls: "on",
      caFile: undefined,
      user: "das",
      password: undefined,
      version: "2022",
      instanceName: "SQLEMU01",
      rate: 100,
      seed: 1,
      preload: 0,
      preloadSpan: 3_600_000,
      auditMaxSize: 50 * 1024 * 1024,
      auditMaxFiles: 200,
      auditDirectory: "D:\\das\\",
      queueDelay: 1000,
      json: false,
      control: false,
    });
  });

  test("takes sizes and durations as people write them", () => {
    const settings = parse(
      "--audit-max-size",
      "2 mb",
      "--queue-delay",
      "500ms",
      "--preload-span",
      "15m",
      "--rate",
      "0.5",
    );
    expect(settings).toMatchObject({ auditMaxSize: 2 * 1024 * 1024, queueDelay: 500, preloadSpan: 900_000, rate: 0.5 });
  });

  test("ends a directory with its separator", () => {
    expect(parse("--audit-directory", "/var/opt/mssql/das").auditDirectory).toBe("/var/opt/mssql/das/");
    expect(parse("--audit-directory", "E:\\x").auditDirectory).toBe("E:\\x\\");
  });

  test("takes the password from the variable that it names", () => {
    expect(parse("--password-env", "SECRET").password).toBe("top-secret");
  });

  test.each([
    [["--port", "99999"], "A whole number from 0 to 65535 is wanted"],
    [["--rate", "-1"], "A number of at least 0 is wanted"],
    [["--seed", "x"], "A whole number from 0 to 4294967295 is wanted"],
    [["--audit-max-size", "big"], "A size like 50MB is wanted"],
    [["--audit-max-size", "0MB"], "A size like 50MB is wanted"],
    [["--queue-delay", "soon"], "A duration like 500ms, 30s or 6h is wanted"],
    [["--sql-version", "2005"], "Allowed choices are"],
    [["--tls", "maybe"], "Allowed choices are"],
    [["--unheard"], "unknown option"],
    [["--password-env", "NOT_SET"], "--password-env names NOT_SET, which is not set"],
  ])("%j is refused with a reason", (args, reason) => {
    expect(() => parse(...args)).toThrow(reason);
  });
});
