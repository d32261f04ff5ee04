import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigurationError } from "@das/core";
import { describe, expect, test } from "vitest";
import { loadConfiguration, parseConfiguration } from "./load-configuration.ts";
import { configurationJsonSchema } from "./schema.ts";
import { readSecret } from "./secret.ts";

const EXAMPLE = new URL("../../../../docs/das.example.yaml", import.meta.url).pathname;
const ORACLE_EXAMPLE = new URL("../../../../docs/das.oracle.example.yaml", import.meta.url).pathname;

function problems(text: string): string {
  try {
    parseConfiguration(text, "das.yaml");
  } catch (error) {
    expect(error).toMatchObject({ name: "ConfigurationError" });
    return (error as ConfigurationError).message;
  }
  throw new Error("the configuration was accepted");
}

describe("the configuration", () => {
  test("the documented example is valid, and has its defaults", () => {
    expect(loadConfiguration(EXAMPLE)).toMatchObject({
      resource: { engine: "sqlserver" },
      stream: { nativeAuditFields: true },
      instances: [
        { id: "a", port: 1433, tls: { mode: "required", trustServerCertificate: false } },
        { id: "b", password: { file: "/run/secrets/das-password-b" } },
      ],
      publisher: { lanes: 1, heartbeatSeconds: 10, startAt: "oldest" },
    });
  });

  test("the documented example for Oracle is valid, too", () => {
    expect(loadConfiguration(ORACLE_EXAMPLE)).toMatchObject({
      resource: { engine: "oracle" },
      instances: [
        { id: "a", port: 1521, service: "das_local", containers: ["das_local_sales"], canary: false },
        { id: "b" },
      ],
    });
  });

  test("lists all problems at once, with line and path, and does not quote values", () => {
    const text = `
resource:
  id: db-123
  engine: sqlserver
stream:
  region: Frankfurt
  kmsKeyID: x
instances:
  - id: a
    host: h
    user: u
    password: hunter2
    prot: 1433
`;
    const message = problems(text);
    expect(message).toContain("das.yaml:3: resource.id: must be db- and 26 of A-Z and 2-7");
    expect(message).toContain("das.yaml:6: stream.region: must be an AWS region such as eu-central-1");
    expect(message).toContain("das.yaml:7: stream.kmsKeyID: is not a setting");
    expect(message).toContain("das.yaml:6: stream.kmsKeyId: is missing");
    expect(message).toContain(
      "das.yaml:12: instances[0].password: must say where the secret is: env: NAME, or file: PATH",
    );
    expect(message).toContain("das.yaml:13: instances[0].prot: is not a setting");
    expect(message).not.toContain("hunter2");
  });

  test("says where YAML itself is wrong, without quoting it", () => {
    const message = problems("resource:\n  id: [hunter2\n");
    expect(message).toMatch(/das\.yaml:\d+: [A-Z_]+ \(not valid YAML\)/);
    expect(message).not.toContain("hunter2");
  });

  test("refuses an empty file, a key twice, an unknown engine, equal instance ids", () => {
    expect(problems("")).toContain("das.yaml: the file: ");
    expect(problems("resource: {}\nresource: {}\n")).toContain("das.yaml:2: DUPLICATE_KEY");
    const example = readFileSync(EXAMPLE, "utf8");
    expect(problems(example.replace("engine: sqlserver", "engine: postgres"))).toContain(
      "resource.engine: must be sqlserver or oracle",
    );
    expect(problems(example.replace("- id: b", "- id: a"))).toContain(
      "instances: the ids of the instances must differ",
    );
  });

  test("takes the folder of an instance's audit files, which is a full path on its host", () => {
    const example = readFileSync(EXAMPLE, "utf8");
    const written = (path: string) =>
      example.replace("    host: sql-a", `    auditDirectory: '${path}'\n    host: sql-a`);
    for (const path of ["D:\\das\\", "/var/opt/mssql/das", "\\\\files01\\audit\\a"]) {
      expect(parseConfiguration(written(path), "t").instances).toMatchObject([{ auditDirectory: path }, {}]);
    }
    for (const path of ["das", "D:das", "./das", "/", "D:\\"]) {
      expect(problems(written(path))).toContain(
        "instances[0].auditDirectory: must be a full path on the database's host",
      );
    }
  });

  test("has no notifier unless it is asked for, and takes one", () => {
    const example = readFileSync(EXAMPLE, "utf8");
    expect(parseConfiguration(example, "das.yaml").notify).toEqual({});
    const page = readFileSync(new URL("../../../../docs/notifications.md", import.meta.url), "utf8");
    const documented = /^```yaml\n(.*?)^```/ms.exec(page)?.[1];
    expect(parseConfiguration(`${example}\n${documented}`, "das.yaml").notify).toEqual({
      webhook: {
        url: "https://siem.example.com/hooks/das",
        secret: { env: "DAS_WEBHOOK_SECRET" },
        authorization: { file: "/run/secrets/siem" },
        caFile: "/etc/das/ca.pem",
      },
      eventBridge: { bus: "security", region: "eu-west-1" },
    });
  });

  test.each([
    ["webhook: { url: http://siem.example.com/ }", "notify.webhook.url: must be an https:// URL"],
    ["webhook: { url: http://127.evil.example.com/ }", "notify.webhook.url: must be an https:// URL"],
    ["webhook: { url: ftp://siem.example.com/ }", "notify.webhook.url: must be an https:// URL"],
    ["webhook: { url: siem }", "notify.webhook.url: must be an https:// URL"],
    ["webhook: { url: 'https://hunter2@siem.example.com/' }", "notify.webhook.url: must not hold a user or a password"],
    ["webhook: { url: 'https://a.example.com/', secret: hunter2 }", "notify.webhook.secret: must say where the secret"],
    ["webhook: { uri: x }", "notify.webhook.uri: is not a setting"],
    ["eventBridge: {}", "notify.eventBridge.bus: is missing"],
    ["eventBridge: { bus: 'a bus' }", "notify.eventBridge.bus: must be the name or the ARN of an event bus"],
    [
      "eventBridge: { bus: 'arn:aws:events:eu-west-1:123456789012:event-bus/x', region: eu-west-1 }",
      "notify.eventBridge.region: is said by the ARN of the bus already",
    ],
  ])("refuses a notifier of %s", (notify, problem) => {
    const example = readFileSync(EXAMPLE, "utf8");
    const message = problems(`${example}\nnotify: { ${notify} }\n`);
    expect(message).toContain(problem);
    expect(message).not.toContain("hunter2");
  });

  test.each(["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:9/"])("takes the receiver %s", (url) => {
    const example = readFileSync(EXAMPLE, "utf8");
    expect(parseConfiguration(`${example}\nnotify: { webhook: { url: '${url}' } }\n`, "t").notify.webhook).toEqual({
      url,
    });
  });

  test("a file that cannot be read is told by its path", () => {
    expect(() => loadConfiguration("/nowhere/das.yaml")).toThrow("/nowhere/das.yaml cannot be read (ENOENT)");
  });

  test("an Oracle configuration is checked as one", () => {
    const text = readFileSync(EXAMPLE, "utf8").replace("engine: sqlserver", "engine: oracle");
    expect(problems(text)).toContain("instances[0].service: ");
    const complete = text.replaceAll(/host: .*/g, "$&\n    service: orcl\n    containers: [SALES]");
    expect(parseConfiguration(complete, "das.yaml")).toMatchObject({
      instances: [{ port: 1521, service: "orcl" }, {}],
    });
  });

  test("the committed JSON Schema is what the sources say (pnpm --filter @das/publisher generate)", () => {
    const committed = readFileSync(new URL("../../schema/das-configuration.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(configurationJsonSchema())));
  });
});

describe("secrets", () => {
  test("come from the environment or a file", () => {
    expect(readSecret({ env: "P" }, "instances[0].password", { P: "s" })).toBe("s");
    const directory = mkdtempSync(join(tmpdir(), "das-secret-"));
    try {
      writeFileSync(join(directory, "password"), "from file\n");
      expect(readSecret({ file: join(directory, "password") }, "instances[0].password", {})).toBe("from file");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("that are missing are told by their setting and place", () => {
    expect(() => readSecret({ env: "P" }, "instances[0].password", {})).toThrow(
      "instances[0].password: the environment variable P is not set or empty",
    );
    expect(() => readSecret({ file: "/nowhere" }, "instances[0].password", {})).toThrow(
      "instances[0].password: the file /nowhere cannot be read (ENOENT)",
    );
  });
});
