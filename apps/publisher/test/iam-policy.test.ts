import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { streamNameOf, systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { startSqlServerEmulator } from "@das/sqlserver-emulator";
import { expect, test } from "vitest";
import { IAM_ROLES, type IamRole, iamPolicyOf } from "../src/aws/policy/iam-policy.ts";
import { type Command, das } from "./das-process.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);

/** Consumers of Amazon's own streams call these two; ours do without. */
const FOR_OTHER_CONSUMERS = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary"];

interface Scene extends AsyncDisposable {
  readonly aws: LocalAws;
  /** What each role called. */
  readonly called: Readonly<Record<IamRole, ReadonlySet<string>>>;
  /** A command with the AWS credentials of a role that may do what its policy says. */
  as(role: IamRole, ...args: readonly string[]): Command;
}

async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ durations: { create: 0, delete: 0 } }));
  const emulator = stack.use(await startSqlServerEmulator({ provisioned: false, audits: { queueDelay: 0 } }));
  const directory = await mkdtemp(join(tmpdir(), "das-roles-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const kmsKeyId = aws.kms.createKey().arn;
  const configurationFile = join(directory, "das.yaml");
  await writeFile(join(directory, "ca.pem"), emulator.ca ?? "");
  await writeFile(
    configurationFile,
    `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: "${kmsKeyId}", shards: 1 }
publisher: { heartbeatSeconds: 1, statePollSeconds: 1 }
instances:
  - id: a
    host: ${emulator.host}
    port: ${emulator.port}
    user: rds_das_reader
    password: { env: DAS_PASSWORD }
    tls: { caFile: ${join(directory, "ca.pem")} }
`,
  );
  const called = { publisher: new Set<string>(), operator: new Set<string>(), consumer: new Set<string>() };
  const subject = { resourceId: RESOURCE, region: aws.region, account: aws.accountId, kmsKeyId, formerKeyIds: [] };
  const credentials = Object.fromEntries(
    IAM_ROLES.map((role) => {
      const policy = iamPolicyOf(role, subject);
      const { accessKeyId, secretAccessKey } = aws.addPrincipal({ userName: role, policy });
      // A fault that never happens sees every call.
      const observe = ({ service, operation }: { service: string; operation: string }) => {
        called[role].add(`${service}:${operation}`);
        return false;
      };
      aws.faults.delayCalls({ principal: role, where: observe }, 0);
      return [role, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }];
    }),
  );
  const owned = stack.move();
  return {
    aws,
    called,
    as: (role, command = "", ...args) =>
      das([command, "-c", configurationFile, ...args], {
        AWS_ENDPOINT_URL: aws.endpoint,
        ...credentials[role],
        DAS_PASSWORD: "Reader-7-Password",
        ...(role === "operator" && { DAS_ADMIN_PASSWORD: emulator.password }),
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function demandSuccess(command: Command): Promise<string> {
  const exitCode = await command.exitCode;
  expect({ exitCode, ...command.output }).toMatchObject({ exitCode: 0 });
  return command.output.stdout;
}

test("each role can do its work with its policy, and its policy names nothing that its work does not take", async () => {
  await using scene = await openScene();
  await using publisher = scene.as("publisher", "run", "-i", "a");
  await using start = scene.as("operator", "start", "--admin-user", "sa", "--timeout", "30");
  await demandSuccess(start);
  await using tail = scene.as("consumer", "tail", "--from", "oldest", "--limit", "1", "--json");
  expect(await demandSuccess(tail)).toContain('"type":"record"');
  await using verify = scene.as("consumer", "verify");
  await demandSuccess(verify);
  await using check = scene.as("operator", "check", "-i", "a", "--json");
  await check.exitCode;
  const ofAws = JSON.parse(check.output.stdout).findings.filter(({ id }: { id: string }) => /^(kms|stream)\./.test(id));
  expect(ofAws.filter(({ status }: { status: string }) => status !== "ok")).toEqual([]);
  // The second run reads from the stream where to go on.
  publisher.child.kill("SIGTERM");
  await demandSuccess(publisher);
  await using next = scene.as("publisher", "run", "-i", "a");
  while (!scene.called.publisher.has("kms:Decrypt")) await systemClock.sleep(20);
  await using stop = scene.as("operator", "stop", "--admin-user", "sa", "--timeout", "30", "--delete-stream");
  await demandSuccess(stop);
  expect(scene.aws.kinesis.stream(STREAM)).toBeUndefined();
  next.child.kill("SIGTERM");
  await next.exitCode;

  const subject = {
    resourceId: RESOURCE,
    region: "eu-central-1",
    account: "123456789012",
    kmsKeyId: "x",
    formerKeyIds: [],
  };
  for (const role of IAM_ROLES) {
    const allowed = iamPolicyOf(role, subject).Statement.flatMap(({ Action }) => Action);
    const needed = role === "consumer" ? allowed.filter((action) => !FOR_OTHER_CONSUMERS.includes(action)) : allowed;
    expect({ role, called: [...scene.called[role]].toSorted() }).toEqual({ role, called: needed.toSorted() });
  }
});
