/**
 * The suite for real servers, run against the emulator: proof that it runs, that it takes away what it makes, and that it
 * tells apart what it is there to tell apart. It says nothing about SQL Server.
 */
import { CONFORMANCE_CASES } from "@das/reader-conformance";
import { type SqlServerEmulatorOptions, type SqlServerVersion, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { RealServer } from "./real-server.ts";
import { REAL_SERVER_TESTS } from "./real-server-tests.ts";
import { UNVERIFIED_POINTS } from "./unverified-points.ts";

async function openEmulated(options: SqlServerEmulatorOptions = {}) {
  const emulator = await startSqlServerEmulator(options);
  const { host, port, password } = emulator;
  const address = { host, port, user: "sa", password, trustServerCertificate: true };
  const server = await RealServer.open(address, "D:\\das_test\\", () => undefined);
  return {
    emulator,
    server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
    },
  };
}

test("what is made for a run is gone after it", async () => {
  const opened = await openEmulated();
  await using emulator = opened.emulator;
  const before = { logins: emulator.instance.logins, audits: emulator.trail.audits.map(({ name }) => name) };
  const specifications = emulator.trail.specifications.length;
  const audit = await opened.server.createAudit();
  await audit.append(3);
  expect(audit.expectedMarkers()).toHaveLength(4);
  expect(emulator.trail.audits).toHaveLength(3);
  await opened.server[Symbol.asyncDispose]();
  expect(emulator.trail.audits.map(({ name }) => name)).toEqual(before.audits);
  expect(emulator.trail.specifications).toHaveLength(specifications);
  expect(emulator.instance.logins.map(({ name }) => name)).toEqual(before.logins.map(({ name }) => name));
});

test.each<SqlServerVersion>(["2016", "2017", "2019", "2025"])("the rights that %s wants suffice", async (version) => {
  await using opened = await openEmulated({ version });
  const [everyRowOnce] = CONFORMANCE_CASES;
  await everyRowOnce?.run(() => opened.server.createAudit());
});

/** Not emulated: ANSI options, and events other than of audits; waiting and costs say nothing here. */
const NOT_PLAYED = [
  /^§10\.4: (?!a (trigger|procedure))/,
  /QUEUE_DELAY 1000/,
  /^§10\.1: an offset seeks/,
  /^§10\.1[12]: /,
];

describe.concurrent("on the emulator", () => {
  const played = REAL_SERVER_TESTS.filter(({ name }) => !NOT_PLAYED.some((pattern) => pattern.test(name)));
  for (const { name, run, cannot } of played) {
    test(name, async (context) => {
      await using opened = await openEmulated();
      const reason = cannot?.(opened.server);
      if (reason !== undefined) context.skip(reason);
      await run(opened.server);
    });
  }
});

async function answerTo(question: string, options: SqlServerEmulatorOptions): Promise<string> {
  await using opened = await openEmulated(options);
  const point = UNVERIFIED_POINTS.find((candidate) => candidate.question === question);
  return (await point?.settle(opened.server))?.says ?? "";
}

describe.concurrent("a question is answered by what the server does:", () => {
  test.each<[question: string, options: SqlServerEmulatorOptions, answer: RegExp]>([
    ["offset is exclusive", { behaviour: { offset: "exclusive" } }, /^yes$/],
    ["offset is exclusive", { behaviour: { offset: "inclusive" } }, /^no, /],
    ["a file without an offset gives", { behaviour: { fileWithoutOffset: "accepted" } }, /^4 rows$/],
    ["a file without an offset gives", { behaviour: { fileWithoutOffset: "refused" } }, /^error 25719, /],
    ["a file that is gone, with an offset, gives", { behaviour: { missingFile: 25718 } }, /^error 25718, before/],
    [
      "a file that is gone, with an offset, gives",
      { behaviour: { missingFile: 33224 }, instance: { readErrors: "after columns" } },
      /^error 33224, after/,
    ],
    ["an offset at which no block begins gives", { behaviour: { invalidOffset: 25722 } }, /^error 25722/],
    ["with QUEUE_DELAY 0, the last block grows after it was visible", { behaviour: { lastBlock: "growing" } }, /^yes/],
    ["with QUEUE_DELAY 0, the last block grows after it was visible", { behaviour: { lastBlock: "sealed" } }, /^no$/],
    [
      "a file that a reader has open is deleted by the rollover",
      { behaviour: { openHandleBlocksDelete: true } },
      /^no/,
    ],
    [
      "a file that a reader has open is deleted by the rollover",
      { behaviour: { openHandleBlocksDelete: false } },
      /^yes$/,
    ],
    [
      "a procedure signed by a certificate whose login has CONTROL SERVER reads audit files",
      { version: "2019" },
      /^yes$/,
    ],
    ["a procedure signed likewise puts an audit and a server trigger back", {}, /^yes$/],
    [
      "a trigger that rolls back ALTER SERVER AUDIT … STATE = OFF",
      {},
      /^error 51000; the audit is on \(STARTED\), the specification on$/,
    ],
    ["reading audit files without the right gives", { instance: { refusal: 229 } }, /^error 229, .*RefusedError$/],
    ["the columns of sys.fn_get_audit_file", { version: "2017" }, /^38$/],
    ["sys.fn_get_audit_file_v2 exists", { version: "2022" }, /^no$/],
    ["sys.fn_get_audit_file_v2 exists", { version: "2025" }, /^yes$/],
    ["with the reader's rights, xp_dirtree gives", { instance: { listing: "empty" } }, /^0 rows$/],
    [
      "with the reader's rights, sys.dm_os_enumerate_filesystem gives",
      { instance: { listing: "refused", refusal: 297 } },
      /^error 297/,
    ],
    [
      "sys.dm_exec_describe_first_result_set describes the function in",
      { instance: { describesAuditFiles: false } },
      /^0 rows$/,
    ],
    ["the columns of sys.fn_get_audit_file", { version: "future" }, /^50, not listed: emulated_future_column$/],
  ])("%s %j", async (question, options, answer) => {
    expect(await answerTo(question, options)).toMatch(answer);
  });
});
