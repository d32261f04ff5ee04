import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@das/core";
import { startLocalAws } from "@das/local-aws";
import { startSqlServerEmulator } from "@das/sqlserver-emulator";
import mssql from "mssql";
import { expect, test } from "vitest";
import type { Notification } from "../src/notify/notification.ts";
import { das } from "./das-process.ts";
import { type ReceivedPost, startReceiver } from "./webhook-receiver.ts";

const SECRET = "a secret of the receiver";

/** As docs/notifications.md tells receivers to do it. */
function isGenuine({ headers, body }: ReceivedPost): boolean {
  const { t, v1 } = Object.fromEntries(
    String(headers["das-signature"])
      .split(",")
      .map((part) => part.split("=")),
  );
  const isFresh = Math.abs(Date.now() / 1_000 - Number(t)) < 300;
  return isFresh && v1 === createHmac("sha256", SECRET).update(`${t}.${body}`).digest("hex");
}

test("das run notifies of start and drift with the rights that das iam-policy names", async () => {
  await using stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ durations: { create: 0, delete: 0 } }));
  const emulator = stack.use(await startSqlServerEmulator({ provisioned: false, audits: { queueDelay: 0 } }));
  const receiver = stack.use(await startReceiver());
  const directory = await mkdtemp(join(tmpdir(), "das-notify-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const file = join(directory, "das.yaml");
  await writeFile(join(directory, "ca.pem"), emulator.ca ?? "");
  await writeFile(
    file,
    `
resource: { id: db-ABCDEFGHIJKLMNOPQRSTUVWXYZ, engine: sqlserver }
stream: { region: ${aws.region}, account: "${aws.accountId}", kmsKeyId: "${aws.kms.createKey().arn}", shards: 1 }
publisher: { heartbeatSeconds: 1, statePollSeconds: 1 }
notify:
  webhook: { url: "${receiver.url}", secret: { env: DAS_WEBHOOK_SECRET } }
  eventBridge: { bus: security }
instances:
  - id: a
    host: ${emulator.host}
    port: ${emulator.port}
    user: rds_das_reader
    password: { env: DAS_PASSWORD }
    tls: { caFile: ${join(directory, "ca.pem")} }
`,
  );
  const environment = {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: "unused",
    AWS_SECRET_ACCESS_KEY: "unused",
    DAS_PASSWORD: "Reader-7-Password",
    DAS_ADMIN_PASSWORD: emulator.password,
    DAS_WEBHOOK_SECRET: SECRET,
  };
  const run = async (credentials: object, command: string, ...args: readonly string[]) => {
    await using process = das([command, ...args, "-c", file], { ...environment, ...credentials });
    const code = await process.exitCode;
    return { code, ...process.output };
  };
  const roleOf = async (role: string) => {
    const { stdout } = await run({}, "iam-policy", role);
    const { accessKeyId, secretAccessKey } = aws.addPrincipal({ userName: role, policy: JSON.parse(stdout) });
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  };
  const [publisher = {}, operator = {}] = await Promise.all(["publisher", "operator"].map(roleOf));
  const check = async (credentials: object, ...args: readonly string[]) => {
    const { stdout } = await run(credentials, "check", "-i", "a", "--json", ...args);
    const { findings } = JSON.parse(stdout) as { findings: { id: string; status: string; what: string }[] };
    return findings.filter(({ id }) => id.startsWith("notify.")).map(({ id, status }) => `${id} ${status}`);
  };
  const heard = () => receiver.posts.map(({ body }) => JSON.parse(body) as Notification);

  // EventBridge itself would take what is put on a bus that is not there.
  expect(await check(operator)).toEqual(["notify.webhook ok", "notify.event-bridge failure"]);
  aws.events.createBus("security");
  expect(receiver.posts).toEqual([]);
  const checks = [check(operator), check(publisher, "--notify-test")];
  expect(await checks[0]).toEqual(["notify.webhook ok", "notify.event-bridge ok"]);
  // What the one role lacks, the other has.
  expect(await checks[1]).toEqual([
    ...["notify.webhook ok", "notify.test ok", "notify.event-bridge warning", "notify.test ok"],
  ]);
  expect(heard()).toMatchObject([{ command: "TEST" }]);
  expect(aws.events.taken).toMatchObject([{ detailType: "Database Activity Stream Test" }]);

  await using publishing = das(["run", "-c", file, "-i", "a"], { ...environment, ...publisher });
  expect(await run(operator, "start", "--admin-user", "sa", "--timeout", "60")).toMatchObject({ code: 0 });
  const { host: server, port } = emulator;
  const options = { encrypt: true, trustServerCertificate: true };
  const pool = await new mssql.ConnectionPool({
    server,
    port,
    user: "sa",
    password: emulator.password,
    options,
  }).connect();
  await pool.request().batch("DISABLE TRIGGER ALL ON ALL SERVER;");
  await pool.close();
  const hasDrifted = (notifications: readonly Notification[]) =>
    notifications.some(({ command, endTime }) => command === "POLICY DRIFT" && endTime === null);
  while (!hasDrifted(heard())) await systemClock.sleep(50);
  publishing.child.kill("SIGTERM");
  expect(await publishing.exitCode).toBe(0);

  expect(receiver.posts.every(isGenuine)).toBe(true);
  const keys = heard().map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  const put = aws.events.taken.map(({ detail }) => (detail as Notification).key);
  // A test has a key of its own each time.
  expect(put.slice(1).toSorted()).toEqual(keys.slice(1).toSorted());
  expect(heard().find(({ command }) => command === "START")?.errorMessage).toBe(
    "generation 1 of the activity stream is started by sa",
  );
  const { stderr } = publishing.output;
  expect(stderr).not.toContain(SECRET);
  expect(stderr).not.toContain("token=hidden");
});
