import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { das } from "./das-process.ts";

const EXAMPLES = {
  sqlserver: fileURLToPath(new URL("../../../docs/das.example.yaml", import.meta.url)),
  oracle: fileURLToPath(new URL("../../../docs/das.oracle.example.yaml", import.meta.url)),
};

async function grants(engine: keyof typeof EXAMPLES, ...args: readonly string[]) {
  await using command = das(["grants", "-c", EXAMPLES[engine], ...args], {});
  return { exitCode: await command.exitCode, ...command.output };
}

describe("das grants", () => {
  test("prints SQL alone: comments, where it belongs, and statements that end", async () => {
    const { stdout, stderr, exitCode } = await grants("sqlserver", "--engine-version", "2022");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^-- What rds_das_reader needs, on each of the instances a, b\.\n/);
    expect(stdout).toContain("\nUSE master;\n");
    expect(stdout).toContain("\nGRANT VIEW SERVER SECURITY AUDIT TO [rds_das_reader];\n");
    expect(stdout).not.toContain("CONTROL SERVER");
    const statements = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("--"));
    expect(statements.filter((line) => !line.endsWith(";"))).toEqual([]);
  });

  test("differs by version, as the versions do", async () => {
    const { stdout } = await grants("sqlserver", "--engine-version", "2019");
    expect(stdout).not.toContain("CONTROL SERVER TO [rds_das_reader]");
    // A batch of its own, as the server wants it.
    expect(stdout).toMatch(
      /\nGO\n-- create the procedure dbo\.rds_das_read\nCREATE PROCEDURE dbo\.rds_das_read\n[\s\S]*?;\nGO\n/,
    );
    expect(stdout).toContain("-- Put one that you throw away in the place of :signing_password.");
    expect(stdout).toContain("\nGRANT CONTROL SERVER TO [rds_das_read_signer];\n");
    expect(stdout).not.toContain("VIEW SERVER SECURITY AUDIT");
  });

  test("of Oracle is for the primary once, and names a common user's containers", async () => {
    const { stdout, exitCode } = await grants("oracle", "--engine-version", "19c");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("once, on the primary (instances a, b).\n");
    expect(stdout).toContain("\nGRANT AUDIT_VIEWER TO C##DAS_READER CONTAINER=ALL;\n");
    expect(stdout).not.toContain("DAS_CANARY");
  });

  test("of an administrator are others than the reader's", async () => {
    const { stdout } = await grants("oracle", "--engine-version", "19c", "--admin-user", "das_admin");
    expect(stdout).toContain("TO DAS_ADMIN;");
    expect(stdout).toContain("AUDIT_ADMIN");
    expect(stdout).not.toContain(":reader_password");
  });

  test("of the owner of Database Vault are the rules of the lock, about the publisher's account", async () => {
    const { stdout, exitCode } = await grants("oracle", "--engine-version", "19c", "--vault-owner", "keeper");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^-- What keeper runs, once, on the primary/);
    expect(stdout).toContain("'C##DAS_READER'");
    expect(stdout).toContain("CREATE_COMMAND_RULE(command => 'NOAUDIT POLICY'");
  });

  test.each([
    ["sqlserver", ["--engine-version", "2022", "--vault-owner", "x"], "SQL Server has no Database Vault"],
    ["sqlserver", [], "Give --engine-version with one of 2016, 2017, 2019, 2022, 2025"],
    ["sqlserver", ["--engine-version", "2014"], "there is no version 2014"],
    ["oracle", ["--engine-version", "2019"], "one of 12.2, 18c, 19c, 21c, 23ai"],
  ] as const)("of %s with %o is wrong usage, which says what there is", async (engine, args, message) => {
    const { exitCode, stderr, stdout } = await grants(engine, ...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
