import { existsSync } from "node:fs";
import { DescribeKeyCommand } from "@aws-sdk/client-kms";
import { expect, test } from "vitest";
import { clientsOf } from "./clients.ts";
import { Command } from "./command.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

test("--json prints one line that a program can work with", async () => {
  await using command = new Command("--port", "0", "--json", "--region", "eu-west-1", "--account", "111122223333");
  const { accessKeyId, secretAccessKey, ...started } = await command.started();
  expect(started).toEqual({
    endpoint: `http://127.0.0.1:${started.port}`,
    port: expect.any(Number),
    region: "eu-west-1",
    accountId: "111122223333",
    directory: expect.any(String),
    keyAlias: "alias/das",
    keyArn: expect.stringMatching(/^arn:aws:kms:eu-west-1:111122223333:key\/[0-9a-f-]{36}$/),
  });
  using clients = clientsOf({ ...started, credentials: { accessKeyId, secretAccessKey } });
  const { KeyMetadata } = await clients.kms.send(new DescribeKeyCommand({ KeyId: "alias/das" }));
  expect(KeyMetadata?.Arn).toBe(started.keyArn);
  expect(await command.end("SIGTERM")).toMatchObject({ code: 0, errors: "" });
  expect(existsSync(started.directory)).toBe(false);
});

test("without --json it tells a person what to export, and ends on Ctrl-C", async () => {
  using directory = temporaryDirectory();
  await using command = new Command("--port", "0", "--directory", directory.path, "--limits");
  expect(await command.firstLine()).toMatch(
    /^Kinesis, KMS and EventBridge listen on http:\/\/127\.0\.0\.1:\d+, region us-east-1/,
  );
  const { code, output, errors } = await command.end("SIGINT");
  expect([code, errors]).toEqual([0, ""]);
  expect(output).toContain(`Streams and keys are kept in ${directory.path}.`);
  expect(output).toContain("AWS's rates are enforced.");
  expect(output).toMatch(/KMS key alias\/das: arn:aws:kms:us-east-1:123456789012:key\//);
  expect(output).toMatch(/^ {2}export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+$/m);
  expect(output).toMatch(/^ {2}export AWS_SECRET_ACCESS_KEY=\S+$/m);
});

test("the key of a directory is made once", async () => {
  using directory = temporaryDirectory();
  const keyArn = async () => {
    await using command = new Command("--port", "0", "--json", "--directory", directory.path);
    const { keyArn: arn } = await command.started();
    await command.end("SIGTERM");
    return arn;
  };
  expect(await keyArn()).toBe(await keyArn());
});

test("a port in use is one clear line", async () => {
  await using first = new Command("--port", "0", "--json");
  const { port } = await first.started();
  await using second = new Command("--port", String(port));
  expect(await second.finished()).toEqual({
    code: 1,
    output: "",
    errors: "local-aws: the port is in use. Name another one with --port, or --port 0 for any free one.\n",
  });
});

test("a directory in use is one clear line", async () => {
  using directory = temporaryDirectory();
  await using first = new Command("--port", "0", "--json", "--directory", directory.path);
  await first.started();
  await using second = new Command("--port", "0", "--directory", directory.path);
  const { code, errors } = await second.finished();
  expect(code).toBe(1);
  expect(errors).toMatch(
    /^local-aws: process \d+ already keeps its data in .*\. Stop it, or name another directory\.\n$/,
  );
});

test.each([
  [["--port", "70000"], /Expected a number from 0 to 65535/],
  [["--shards", "none"], /Expected a number from 1 to 1000/],
  [["--account", "12"], /Expected 12 digits/],
  [["--colour"], /unknown option '--colour'/],
])("a wrong option is told: %s", async (parameters, message) => {
  await using command = new Command(...parameters);
  const { code, errors } = await command.finished();
  expect(code).toBe(1);
  expect(errors).toMatch(message);
  expect(errors).toContain("local-aws --help");
});

test("--help shows every option and examples", async () => {
  await using command = new Command("--help");
  const { code, output } = await command.finished();
  expect(code).toBe(0);
  for (const option of ["--port", "--directory", "--region", "--account", "--shards", "--limits", "--json"]) {
    expect(output).toContain(option);
  }
  expect(output).toContain("Examples:");
});
