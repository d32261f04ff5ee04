import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { streamNameOf } from "@das/core";
import { startLocalAws } from "@das/local-aws";
import { createWorld, type OracleEmulator, startOracleEmulator } from "@das/oracle-emulator";
import {
  auditNamed,
  recreateAudit,
  type SqlServerEmulator,
  type SqlServerEmulatorOptions,
  startSqlServerEmulator,
  stopAudit,
} from "@das/sqlserver-emulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { das } from "./das-process.ts";

const AUDIT = "RDS_DAS_AUDIT";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The stream and the key of the resource, with which nothing is wrong. What can be is in check-aws.test.ts. */
const awsEnvironment: Record<string, string> = {};
const resources = new AsyncDisposableStack();
beforeAll(async () => {
  const aws = resources.use(await startLocalAws({ region: "eu-central-1" }));
  aws.kms.createKey({ alias: "alias/das" });
  aws.kinesis.createStream(streamNameOf(RESOURCE));
  awsEnvironment.AWS_ENDPOINT_URL = aws.endpoint;
  awsEnvironment.AWS_ACCESS_KEY_ID = aws.credentials.accessKeyId;
  awsEnvironment.AWS_SECRET_ACCESS_KEY = aws.credentials.secretAccessKey;
});
afterAll(() => resources.disposeAsync());

/** `das check` in a process of its own, until it has ended. */
async function check(configurationFile: string, args: readonly string[], environment: Record<string, string>) {
  await using command = das(["check", "-c", configurationFile, ...args], { ...awsEnvironment, ...environment });
  return { exitCode: await command.exitCode, ...command.output };
}

interface Scene extends AsyncDisposable {
  readonly a: SqlServerEmulator;
  readonly b: SqlServerEmulator;
  readonly configurationFile: string;
  readonly environment: Record<string, string>;
}

/** The configuration of emulators, in a directory of its own. */
async function writeConfiguration(
  engine: "sqlserver" | "oracle",
  emulators: Readonly<Record<string, SqlServerEmulator | OracleEmulator>>,
) {
  const directory = await mkdtemp(join(tmpdir(), "das-check-"));
  const configurationFile = join(directory, "das.yaml");
  const instances = await Promise.all(
    Object.entries(emulators).map(async ([id, emulator]) => {
      await writeFile(join(directory, `${id}.pem`), emulator.ca ?? "");
      const { host, port, user } = emulator;
      const password = `DAS_PASSWORD_${id.toUpperCase()}`;
      const service = "serviceName" in emulator ? `service: ${emulator.serviceName}, ` : "";
      return `  - { id: ${id}, host: ${host}, port: ${port}, ${service}user: ${user}, password: { env: ${password} }, instanceClass: t3.large, tls: { caFile: ${directory}/${id}.pem } }`;
    }),
  );
  await writeFile(
    configurationFile,
    `resource: { id: ${RESOURCE}, engine: ${engine} }
stream: { region: eu-central-1, kmsKeyId: alias/das }
instances:
${instances.join("\n")}
`,
  );
  return { configurationFile, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** Two instances of one resource, with the same audits. */
async function openScene(options: SqlServerEmulatorOptions = {}): Promise<Scene> {
  const a = await startSqlServerEmulator({ instanceName: "DB01", ...options });
  const b = await startSqlServerEmulator({ instanceName: "DB02" });
  const configuration = await writeConfiguration("sqlserver", { a, b });
  return {
    a,
    b,
    configurationFile: configuration.configurationFile,
    environment: { DAS_PASSWORD_A: a.password, DAS_PASSWORD_B: b.password },
    [Symbol.asyncDispose]: async () => {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
      await configuration[Symbol.asyncDispose]();
    },
  };
}

describe("das check", () => {
  test("ends with 0 when there is nothing worse than a warning, and fits into 80 columns", async () => {
    await using scene = await openScene();
    const { stdout, stderr, exitCode } = await check(scene.configurationFile, ["-i", "a"], scene.environment);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("sqlserver instance a of db-ABCDEFGHIJKLMNOPQRSTUVWXYZ\n");
    expect(stdout).toContain("✓ RDS_DAS_AUDIT is switched on and runs\n");
    expect(stdout).toContain("! RDS would have no activity stream here: t3.large is not among its instance\n");
    expect(stdout).toContain("\nAWS in eu-central-1\n");
    expect(stdout).toContain("! nothing was ever started on this stream\n");
    expect(stdout).toMatch(/^0 failures, \d+ warnings?, \d+ well$/m);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toContain("Every event is a row of sys.fn_get_audit_file");
    const verbose = await check(scene.configurationFile, ["-i", "a", "--verbose"], scene.environment);
    expect(verbose.stdout).toContain("Every event is a row of sys.fn_get_audit_file.");
  });

  test("ends with 1 at a failure, and says what repairs it", async () => {
    await using scene = await openScene();
    scene.a.change((trail, now) => stopAudit(trail, AUDIT, now));
    const { stdout, exitCode } = await check(scene.configurationFile, ["-i", "a"], scene.environment);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("✗ RDS_DAS_AUDIT is switched off\n");
    expect(stdout).toContain("\n      ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);\n");
  });

  test("compares with the other instances of the configuration", async () => {
    await using scene = await openScene();
    const guid = "99999999-2222-3333-4444-555555555555";
    scene.b.change((trail, now) => recreateAudit(trail, AUDIT, guid, now));
    const { stdout, exitCode } = await check(scene.configurationFile, ["-i", "a", "--json"], scene.environment);
    expect(exitCode).toBe(1);
    const { findings, ...head } = JSON.parse(stdout);
    expect(head).toMatchObject({ resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ", engine: "sqlserver", instance: "a" });
    expect(head.failures).toBe(1);
    expect(head.failures + head.warnings + head.ok).toBe(findings.length);
    const differing = findings.find(({ id }: { id: string }) => id === `sqlserver.audit-guid.${AUDIT}.b`);
    const { guid: own } = auditNamed(scene.a.trail, AUDIT);
    expect(differing).toMatchObject({
      status: "failure",
      what: `${AUDIT} differs on a (DB01) and b (DB02): AUDIT_GUID ${own} and ${guid}`,
    });
    const ids = findings.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("of all instances says of each what is wrong with it, what cannot be checked too, and of AWS once", async () => {
    await using scene = await openScene();
    scene.b.change((trail, now) => stopAudit(trail, AUDIT, now));
    const { stdout, exitCode } = await check(scene.configurationFile, ["--all-instances", "--json"], scene.environment);
    expect(exitCode).toBe(1);
    const { findings, ...head } = JSON.parse(stdout);
    expect(head).toMatchObject({ resourceId: RESOURCE, engine: "sqlserver", instances: ["a", "b"], failures: 1 });
    const of = (instance: string | undefined) =>
      findings.filter((one: { instance?: string }) => one.instance === instance);
    expect(of("a").map(({ id }: { id: string }) => id)).toContain(`sqlserver.audit-guid.${AUDIT}.b`);
    expect(of("b").map(({ id }: { id: string }) => id)).toContain(`sqlserver.audit-guid.${AUDIT}.a`);
    expect(of("b").find(({ status }: { status: string }) => status === "failure").what).toBe(
      `${AUDIT} is switched off`,
    );
    const ids = of(undefined).map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("kms.decrypt");

    const { DAS_PASSWORD_A = "" } = scene.environment;
    const half = await check(scene.configurationFile, ["--all-instances"], { DAS_PASSWORD_A });
    expect(half.exitCode).toBe(1);
    expect(half.stdout).toContain(`sqlserver instance a of ${RESOURCE}\n`);
    expect(half.stdout).toContain("✗ instance b was not checked: ");
    expect(half.stdout).toContain("AWS in eu-central-1\n");
    expect(half.stdout).toMatch(/^1 failure, \d+ warnings?, \d+ well$/m);
  });

  test("says which instances it did not compare: without a secret, and down", async () => {
    await using scene = await openScene();
    const { DAS_PASSWORD_A = "" } = scene.environment;
    const blind = await check(scene.configurationFile, ["-i", "a"], { DAS_PASSWORD_A });
    expect(blind.exitCode).toBe(0);
    expect(blind.stdout.replaceAll(/\s+/g, " ")).toContain(
      "! instance b was not compared: instances[1].password: the environment variable DAS_PASSWORD_B is not set or empty",
    );
    await scene.b.closePort();
    const alone = await check(scene.configurationFile, ["-i", "a"], scene.environment);
    expect(alone.exitCode).toBe(0);
    expect(alone.stdout).toContain("! instance b was not compared: no connection to instance");
  });

  test("that reaches nobody is one failure; neither it nor a wrong password shows a secret", async () => {
    await using scene = await openScene();
    const wrong = await check(scene.configurationFile, ["-i", "a"], {
      ...scene.environment,
      DAS_PASSWORD_A: "hunter2",
    });
    expect(wrong).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("the login was refused") });
    expect(wrong.stdout + wrong.stderr).not.toContain("hunter2");
    await scene.a.closePort();
    const { stdout, exitCode } = await check(scene.configurationFile, ["-i", "a", "--json"], scene.environment);
    expect(exitCode).toBe(1);
    const { failures, findings } = JSON.parse(stdout);
    expect(failures).toBe(1);
    expect(findings[0]).toMatchObject({ id: "sqlserver.reach", status: "failure" });
    expect(findings.map(({ id }: { id: string }) => id)).toContain("kms.decrypt");
  });

  test("without AWS credentials says that once, and asks AWS nothing", async () => {
    await using scene = await openScene();
    const nobody = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_EC2_METADATA_DISABLED: "true" };
    const noFiles = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
    const environment = { ...scene.environment, ...nobody, ...noFiles };
    const { stdout, exitCode } = await check(scene.configurationFile, ["-i", "a", "--json"], environment);
    expect(exitCode).toBe(1);
    const ofAws = JSON.parse(stdout).findings.filter(({ id }: { id: string }) => !id.startsWith("sqlserver."));
    expect(ofAws).toMatchObject([
      { id: "supported-configuration" },
      { id: "aws.credentials", status: "failure", what: expect.stringContaining("no AWS credentials were found") },
    ]);
  });

  test.each([
    [["-i", "z"], 'DBInstanceNotFound: das: there is no instance "z"'],
    [[], "it is not said which instance to check"],
    [["-i", "a", "--all-instances"], "option '--all-instances' cannot be used with option '-i, --instance <id>'"],
  ])("with %o is wrong usage", async (args, message) => {
    await using scene = await openScene();
    const { stderr, exitCode } = await check(scene.configurationFile, args, scene.environment);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("das check of Oracle", () => {
  test("tells what is wrong with what repairs it, in 80 columns, and looks at the standby", async () => {
    const primary = { uniqueName: "ORCL_A" };
    const world = createWorld(
      { release: "19c", pluggables: ["SALESPDB"], primary, standbys: [{ uniqueName: "ORCL_B" }] },
      Date.now(),
    );
    await using a = await startOracleEmulator({ world });
    await using b = await startOracleEmulator({ shared: a.shared, site: "ORCL_B" });
    await using configuration = await writeConfiguration("oracle", { a, b });
    const environment = { DAS_PASSWORD_A: a.password, DAS_PASSWORD_B: b.password };
    const of = (...args: readonly string[]) => check(configuration.configurationFile, args, environment);

    const { stdout, stderr, exitCode } = await of("-i", "a");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout).toContain(`oracle instance a of ${RESOURCE}\n`);
    expect(stdout).toContain("✗ NO AUDIT POLICY IS ENABLED:");
    expect(stdout).toContain("\n      AUDIT POLICY das_all EXCEPT DAS_READER;\n");
    expect(stdout).toContain("\n      SQLNET.EXPIRE_TIME = 1\n");
    expect(stdout).toContain("✓ instance b is ORCL_B, a physical standby\n");
    expect(stdout).toMatch(/^1 failure, \d+ warnings?, \d+ well$/m);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);

    const standby = await of("-i", "b", "--json");
    const { findings, ...head } = JSON.parse(standby.stdout);
    expect(head).toMatchObject({ resourceId: RESOURCE, engine: "oracle", instance: "b" });
    const ids = findings.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("oracle.replica.a");
  });

  test("says which instances it did not look at: without a secret", async () => {
    await using a = await startOracleEmulator();
    await using b = await startOracleEmulator();
    await using configuration = await writeConfiguration("oracle", { a, b });
    const { stdout } = await check(configuration.configurationFile, ["-i", "a"], { DAS_PASSWORD_A: a.password });
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "! instance b was not compared: instances[1].password: the environment variable DAS_PASSWORD_B is not set or empty",
    );
  });
});
