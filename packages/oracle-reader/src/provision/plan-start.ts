import type { OverriddenParameter, PlannedStatement } from "@das/core";
import { ALL_USERS } from "../check/policies.ts";
import { ELSE, recordingPolls } from "../check/reader-excluded.ts";
import { quoteName, quoteText } from "../check/statement.ts";
import { disableTexts, enableTexts, withoutReader } from "./enabling.ts";
import {
  ASKED_FUNCTION,
  CANARY_POLICY,
  isCommon,
  LOCK_POLICY,
  OWN_POLICIES,
  READER_POLICY,
  STATE_TABLE,
} from "./names.ts";
import { lockStatement, unlockStatement } from "./plan-policy.ts";
import { planPrograms } from "./plan-programs.ts";
import { plannedAt, programAt } from "./planned.ts";
import { programsOf } from "./programs.ts";
import { driftIn, type ProvisionFacts } from "./provision-facts.ts";
import {
  grantText,
  installedRights,
  LOCK_POLICY_WHAT,
  lockActions,
  OWNER_RIGHTS,
  READER_RIGHTS,
} from "./reader-rights.ts";
import { mergedChanges, type RecordedChanges, recordedText } from "./recorded-changes.ts";
import { interruptedPolicies } from "./site-policies.ts";
import { missingRules } from "./vault-rules.ts";

/** Nobody can log on as a user without authentication, which 18c brought. */
const ORACLE_18 = 18;

/**
 * What is not there yet, in order; locked at the end, as RDS starts. Nothing of it clears the trail, and nothing needs a
 * restart. What is changed that was there before is recorded first, so that a stop can put it back after any crash.
 */
export function planStart(found: ProvisionFacts): readonly PlannedStatement[] {
  const missing = [
    ...accounts(found),
    ...stateTable(found),
    ...planPrograms(found),
    ...changes(found),
    ...installedGrants(found),
    ...policies(found),
    ...overrides(found),
    ...missingRules(found),
  ];
  if (found.state?.isLocked) {
    if (missing.length === 0 && driftIn(found).length === 0) return [];
    // What is to be repaired is itself what the lock protects.
    return [unlockStatement(found), ...missing, lockStatement(found)];
  }
  return [...missing, lockStatement(found)];
}

function accounts({ place, instance, names, ...found }: ProvisionFacts): readonly PlannedStatement[] {
  const planned = plannedAt(place);
  const { owner, reader, everywhere } = names;
  const locked = instance.release >= ORACLE_18 ? "NO AUTHENTICATION" : "IDENTIFIED BY :owner_password ACCOUNT LOCK";
  const create = (user: string, what: string, how: string) =>
    found.accounts.has(user) ? [] : [planned(what, `CREATE USER ${quoteName(user)} ${how}${everywhere}`)];
  const grant = (rights: readonly string[], held: ReadonlySet<string>, grantee: string) =>
    rights
      .filter((right) => !holds(held, right))
      .map((right) => planned(`let ${grantee} have ${right}`, grantText(right, grantee, names)));
  return [
    ...create(
      owner,
      `create the schema ${owner}, which nobody logs on as`,
      `${locked} DEFAULT TABLESPACE SYSAUX QUOTA 10M ON SYSAUX`,
    ),
    ...grant(OWNER_RIGHTS, found.ownerRights, owner),
    // A common user and its rights come from the root.
    ...(everywhere === "" && isCommon(reader)
      ? []
      : [
          ...create(reader, `create the publisher's account ${reader}`, "IDENTIFIED BY :reader_password"),
          ...grant(READER_RIGHTS, found.readerRights, reader),
        ]),
  ];
}

/** SELECT does what READ does, and more. */
function holds(held: ReadonlySet<string>, right: string): boolean {
  return held.has(right) || held.has(right.replace(/^READ ON /, "SELECT ON "));
}

function stateTable(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, objects, state } = found;
  const table = `${quoteName(names.owner)}.${STATE_TABLE}`;
  const statements: PlannedStatement[] = [];
  if (!objects.has(STATE_TABLE)) {
    const columns = "locked NUMBER(1) NOT NULL, administrator VARCHAR2(128) NOT NULL, recorded CLOB, changes CLOB";
    statements.push(plannedAt(place)("create the table of the policy's state", `CREATE TABLE ${table} (${columns})`));
  }
  if (!state) {
    statements.push(
      programAt(place)(
        "record who starts the stream, who alone locks and unlocks; what is changed from here on, and how it was",
        [
          "BEGIN",
          `  INSERT INTO ${table} (locked, administrator, changes) VALUES (0, SYS_CONTEXT('USERENV','SESSION_USER'),`,
          `    ${quoteText(recordedText(changesOf(found)))});`,
          "  COMMIT;",
          "END;",
        ].join("\n"),
      ),
    );
  }
  return statements;
}

/** What a start finds that goes on after one that died. Recorded before it is done. */
function changes(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, state } = found;
  if (!state) return [];
  const all = mergedChanges(state.changes, changesOf(found));
  if (recordedText(all) === recordedText(state.changes)) return [];
  return [
    programAt(place)(
      "record what else is changed from here on, and how it was",
      `BEGIN ${quoteName(names.owner)}.das_record(${quoteText(recordedText(all))}); END;`,
    ),
  ];
}

function changesOf(found: ProvisionFacts): RecordedChanges {
  const { names, accounts: known, objects, presentPolicies, state } = found;
  // A schema with nothing else in it is what a start left that died before it had a state, or a stop for Database Vault.
  const isLeftOver = !state && [...objects.keys()].every((name) => name === STATE_TABLE || name === ASKED_FUNCTION);
  const ownerIsNew = !known.has(names.owner) || isLeftOver;
  return {
    made: [
      ...(ownerIsNew ? [`user ${names.owner}`] : []),
      ...programsOf(names)
        .filter(({ name, isReplaced }) => !isReplaced && !objects.has(name) && !state)
        .map(({ name }) => `procedure ${name}`),
      ...OWN_POLICIES.filter((name) => !presentPolicies.has(name)).map((name) => `policy ${name}`),
    ],
    parameters: overridden(found),
    policies: feedingPolicies(found).map(({ name, enablements }) => ({ name, enablements })),
  };
}

function feedingPolicies({ policies: enabled, names, readerRights }: ProvisionFacts) {
  return recordingPolls(enabled, names.reader, [...readerRights]);
}

function installedGrants({ place, names, readerRights }: ProvisionFacts): readonly PlannedStatement[] {
  return installedRights(names)
    .filter((right) => !holds(readerRights, right))
    .map((right) => plannedAt(place)(`let ${names.reader} have ${right}`, grantText(right, names.reader, names)));
}

function policies(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, presentPolicies, policies: enabled } = found;
  const planned = plannedAt(place);
  const { reader } = names;
  const owner = quoteName(names.owner);
  const own = (name: string, what: string, actions: string, entity: string) => {
    const isEnabled = enabled.some(
      (policy) =>
        policy.name === name && policy.enablements.some((each) => each.way === "by" && each.entity === entity),
    );
    const clause = entity === ALL_USERS ? "" : ` BY ${quoteName(entity)}`;
    return [
      ...(presentPolicies.has(name)
        ? []
        : [planned(`create ${what}`, `CREATE AUDIT POLICY ${name} ACTIONS ${actions}`)]),
      ...(isEnabled ? [] : [planned(`enable ${what}`, `AUDIT POLICY ${name}${clause}`)]),
    ];
  };
  return [
    ...own(LOCK_POLICY, LOCK_POLICY_WHAT, lockActions(names), ALL_USERS),
    ...own(
      READER_POLICY,
      `the audit policy ${READER_POLICY}, which records what else is done with the publisher's account`,
      ELSE,
      reader,
    ),
    ...own(
      CANARY_POLICY,
      `the audit policy ${CANARY_POLICY}, which records the canary`,
      `EXECUTE ON ${owner}.das_canary`,
      ALL_USERS,
    ),
    ...interruptedPolicies(found).flatMap(({ name, enablements }) =>
      enableTexts(name, withoutReader(enablements, reader)).map((text) =>
        planned(`enable the audit policy ${name} again, which an earlier run had ended for a moment`, text),
      ),
    ),
    ...feedingPolicies(found).flatMap(({ name, enablements }) => [
      ...disableTexts(name, enablements).map((text) =>
        planned(`end the audit policy ${name}, which records the publisher's own polls, for a moment`, text),
      ),
      ...enableTexts(name, withoutReader(enablements, reader)).map((text) =>
        planned(`enable the audit policy ${name} for everybody else`, text),
      ),
    ]),
  ];
}

const EXCLUDE_COLUMNS = "unified_audit_trail_exclude_columns";
const PARTITION_INTERVAL = "partition interval of AUDSYS.AUD$UNIFIED";

/** Each poll reads the whole of the current partition (Oracle notes §2.2). */
const WANTED_INTERVAL = "1 HOUR";
const LONG_UNITS = ["YEAR", "MONTH", "DAY"];

function overridden({ parameters, partitionInterval }: ProvisionFacts): readonly OverriddenParameter[] {
  const excluded = parameters.get(EXCLUDE_COLUMNS) ?? "";
  const isLong = LONG_UNITS.some((unit) => partitionInterval.endsWith(unit));
  return [
    ...(excluded !== "" && excluded.toLowerCase() !== "none"
      ? [{ name: EXCLUDE_COLUMNS, was: excluded, is: "none" }]
      : []),
    ...(isLong ? [{ name: PARTITION_INTERVAL, was: partitionInterval, is: WANTED_INTERVAL }] : []),
  ];
}

function overrides(found: ProvisionFacts): readonly PlannedStatement[] {
  return overridden(found).map(({ name, is }) => parameterStatement(found, name, is, "override"));
}

/** Sets one of the parameters that a start overrides. */
export function parameterStatement(
  { place, names }: Pick<ProvisionFacts, "place" | "names">,
  name: string,
  value: string,
  verb: "override" | "restore",
): PlannedStatement {
  const what = `${verb} the ${name === PARTITION_INTERVAL ? name : `parameter ${name}`}: ${value}`;
  if (name !== PARTITION_INTERVAL) {
    const written = value
      .split(",")
      .map((column) => column.trim())
      .join(", ");
    return plannedAt(place)(what, `ALTER SYSTEM SET ${name} = ${quoteText(written)}${names.everywhere}`);
  }
  const [number = "1", unit = "HOUR"] = value.split(" ");
  return programAt(place)(
    what,
    `BEGIN\n  DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(interval_number => ${number}, interval_frequency => ${quoteText(unit)});\nEND;`,
  );
}
