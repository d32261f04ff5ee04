/**
 * The suite for real databases, run against the emulator: proof that it runs, that it takes away what it makes, and that
 * it tells apart what it is there to tell apart. It says nothing about Oracle.
 */
import { type OracleEmulatorOptions, siteNamed, startOracleEmulator, workContainer } from "@das/oracle-emulator";
import { describe, expect, test } from "vitest";
import { RealDatabase } from "./real-database.ts";
import { REAL_DATABASE_TESTS } from "./real-database-tests.ts";
import { UNVERIFIED_POINTS } from "./unverified-points.ts";

type Knobs = Parameters<Awaited<ReturnType<typeof startOracleEmulator>>["shared"]["changeDatabase"]>[0];

async function openEmulated(options: OracleEmulatorOptions = {}, knobs: Knobs = {}) {
  const emulator = await startOracleEmulator({ tls: "off", ...options });
  emulator.shared.changeDatabase(knobs);
  const { host, port, serviceName: service, administratorPassword: password } = emulator;
  const database = await RealDatabase.open({ host, port, service, user: "SYS", password }, () => undefined);
  return {
    emulator,
    database,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
    },
  };
}

test("what is made for a run is gone after it", async () => {
  const { emulator, database } = await openEmulated();
  await using _ = emulator;
  const state = () => {
    const { policies, enabledPolicies } = workContainer(siteNamed(emulator.world, emulator.site));
    const { users, routines, triggers, tables } = emulator.shared.database;
    return [policies, enabledPolicies, users, routines, triggers, tables].map((list) => list.length);
  };
  const before = state();
  const trail = await database.createTrail();
  await trail.append(3);
  expect(trail.expectedMarkers()).toHaveLength(3);
  expect(state()).not.toEqual(before);
  await database[Symbol.asyncDispose]();
  expect(state()).toEqual(before);
});

/** Not emulated: plans, Database Vault, texts of views; and what things cost here says nothing. */
const NOT_PLAYED = [/^§10\.2: /];

describe.concurrent("on the emulator", () => {
  const played = REAL_DATABASE_TESTS.filter(({ name }) => !NOT_PLAYED.some((pattern) => pattern.test(name)));
  for (const { name, run, cannot } of played) {
    test(name, async (context) => {
      await using opened = await openEmulated();
      const reason = cannot?.(opened.database);
      if (reason !== undefined) context.skip(reason);
      await run(opened.database);
    });
  }
});

async function answerTo(question: string, options: OracleEmulatorOptions, knobs: Knobs): Promise<string> {
  await using opened = await openEmulated(options, knobs);
  const point = UNVERIFIED_POINTS.find((candidate) => candidate.question === question);
  return (await point?.settle(opened.database))?.says ?? "";
}

describe.concurrent("a question is answered by what the database does:", () => {
  test.each<[question: string, options: OracleEmulatorOptions, knobs: Knobs, answer: RegExp]>([
    ["SOURCE of the view says", { release: "23ai" }, {}, /^DATABASE of a row in the table/],
    [
      "SOURCE of the view says",
      { release: "26ai" },
      { sourceNames: { table: "TABLE", files: "SPILL" } },
      /^TABLE of a row in the table/,
    ],
    ["the columns of the view", { release: "12.2" }, {}, /^99$/],
    ["the columns of the view", { release: "future" }, {}, /not listed: /],
    [
      "a BEFORE DDL trigger sees of the statements of a policy",
      {},
      { triggersSeePolicies: true },
      /^CREATE AUDIT POLICY: CREATE;/,
    ],
    [
      "a BEFORE DDL trigger sees of the statements of a policy",
      {},
      { triggersSeePolicies: false },
      /^CREATE AUDIT POLICY: nothing;/,
    ],
    ["AUDIT_ADMIN granted to a procedure lets it set the archive timestamp", {}, { codeGrantSuffices: true }, /^yes$/],
    [
      "AUDIT_ADMIN granted to a procedure lets it set the archive timestamp",
      {},
      { codeGrantSuffices: false },
      /^no: ORA-/,
    ],
    ["with READ on it, AUDSYS.AUD$UNIFIED gives to a user", {}, { directReadsWork: true }, /^rows$/],
    ["with READ on it, AUDSYS.AUD$UNIFIED gives to a user", {}, { directReadsWork: false }, /^ORA-/],
    ["with READ on neither, the reader reads", { release: "19c" }, {}, /^table from audsys.unified_audit_trail$/],
    ["with READ on neither, the reader reads", { release: "23ai" }, {}, /^table from .* files from .*FILE/],
    ["without AUDIT_VIEWER and READ, the reader is told", {}, {}, /^RefusedError$/],
    ["under load, numbers that ENTRY_ID of a session leaves out", {}, {}, /^none$/],
  ])("%s %j %j", async (question, options, knobs, answer) => {
    expect(await answerTo(question, options, knobs)).toMatch(answer);
  });
});
