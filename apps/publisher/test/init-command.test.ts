import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@das/core";
import { describe, expect, test } from "vitest";
import { completeConfiguration } from "../src/cli/init-command.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { das } from "./das-process.ts";

async function openDirectory() {
  const path = await mkdtemp(join(tmpdir(), "das-init-"));
  return { file: join(path, "das.yaml"), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** A person who answers in this order, and what they were asked and told. */
function person(...answers: string[]) {
  const said: string[] = [];
  const ask = async (question: string) => {
    said.push(question);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`nobody expected to be asked ${question}`);
    return answer;
  };
  return { said, ask, say: (text: string) => void said.push(text) };
}

describe("das init", () => {
  test("writes a file that every command reads, and never overwrites one", async () => {
    await using directory = await openDirectory();
    const args = ["init", "-o", directory.file, "--engine", "sqlserver", "--region", "eu-central-1"];
    const hosts = ["--instance", "a=sql-a.example.com:11433", "--instance", "[2001:db8::2]"];
    const key = ["--kms-key-id", "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"];
    await using first = das([...args, ...key, ...hosts, "--ca-file", "/etc/das/ca.pem"], {});
    expect({ exitCode: await first.exitCode, ...first.output }).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.output.stdout).toContain("DAS_PASSWORD_A, DAS_PASSWORD_B");
    const text = await readFile(directory.file, "utf8");
    const { resource, instances } = parseConfiguration(text, directory.file);
    expect(instances).toMatchObject([
      { id: "a", host: "sql-a.example.com", port: 11_433, user: "rds_das_reader", tls: { caFile: "/etc/das/ca.pem" } },
      { id: "b", host: "2001:db8::2", port: 1433, user: "rds_das_reader" },
    ]);

    await using again = das([...args, ...key, ...hosts], {});
    expect(await again.exitCode).toBe(2);
    expect(again.output.stderr).toContain(`the file ${directory.file} exists`);
    expect(await readFile(directory.file, "utf8")).toBe(text);

    await using policy = das(["iam-policy", "consumer", "-c", directory.file], {});
    expect(await policy.exitCode).toBe(0);
    expect(JSON.parse(policy.output.stdout).Statement[0].Resource).toBe(
      `arn:aws:kinesis:eu-central-1:123456789012:stream/aws-rds-das-${resource.id}`,
    );
  });

  test("names every option that is missing when there is no terminal, and writes nothing", async () => {
    await using directory = await openDirectory();
    await using init = das(["init", "-o", directory.file, "--engine", "oracle"], {});
    expect(await init.exitCode).toBe(2);
    for (const option of ["--region", "--kms-key-id", "--instance", "--service"]) {
      expect(init.output.stderr).toContain(`\n  ${option} <`);
    }
    await expect(readFile(directory.file)).rejects.toThrow("ENOENT");
  });

  test("refuses two instances of one id", async () => {
    await using directory = await openDirectory();
    await using init = das(["init", "-o", directory.file, "--instance", "a=one", "--instance", "a=two"], {});
    expect(await init.exitCode).toBe(2);
    expect(init.output.stderr).toContain("The ids of the instances must differ.");
  });
});

describe("the questions of das init", () => {
  const output = "das.yaml";

  test("are asked again until the answer is one, and only when the command line did not answer them", async () => {
    const { said, ask, say } = person(
      ...["mysql", "oracle", "alias/das", "1234", "123456789012", "ora-a, b=ora-b:1522"],
      ...["das_local", "", "", "/etc/das/ca.pem", "yes"],
    );
    const answers = await completeConfiguration({ output, region: "eu-west-1" }, ask, say);
    expect(answers).toMatchObject({
      engine: "oracle",
      region: "eu-west-1",
      kmsKeyId: "alias/das",
      account: "123456789012",
      caFile: "/etc/das/ca.pem",
      instances: [
        { id: "a", host: "ora-a", port: undefined },
        { id: "b", host: "ora-b", port: 1522 },
      ],
      service: "das_local",
      containers: [],
      user: "c##das_reader",
      nativeAuditFields: true,
    });
    expect(said[1]).toBe("  It is sqlserver or oracle.\n");
    expect(said.join("")).not.toContain("region");
  });

  test("about services are not put to SQL Server", async () => {
    const { ask, say } = person(
      "sqlserver",
      "eu-west-1",
      "arn:aws:kms:eu-west-1:123456789012:key/x",
      "sql",
      "reader",
      "",
      "no",
    );
    const answers = await completeConfiguration({ output }, ask, say);
    expect(answers).toMatchObject({
      user: "reader",
      caFile: undefined,
      service: undefined,
      containers: [],
      nativeAuditFields: false,
    });
  });

  test("that nobody can be asked are missed all at once", async () => {
    const missing = completeConfiguration({ output, engine: "sqlserver" }, undefined, () => undefined);
    await expect(missing).rejects.toThrow(ConfigurationError);
    await expect(missing).rejects.not.toThrow("--service");
  });
});
