import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isSelected, isUnlisted, NATIVE_COLUMNS } from "./columns.ts";

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url), "utf8"));

/** Wire format §5.3: what is printed bold there, and DBID. */
const INTEGERS =
  "DBID DIRECT_PATH_NUM_COLUMNS_LOADED DV_ACTION_CODE DV_EXTENDED_ACTION_CODE DV_RETURN_CODE ENTRY_ID INSTANCE_ID " +
  "PROTOCOL_RETURN_CODE PROTOCOL_SESSION_ID PROXY_SESSIONID RMAN_SESSION_RECID RMAN_SESSION_STAMP SCN XS_INACTIVITY_TIMEOUT";

describe("the columns of the wire format", () => {
  test("are the documented list, in its order, and DBID", () => {
    expect(NATIVE_COLUMNS.map(({ name }) => name)).toEqual([
      ...(fixture("doc-native-audit-fields.json") as string[]),
      "DBID",
    ]);
  });

  test("are integers and hex where the documentation says so, and text everywhere else", () => {
    const namesOf = (kind: string) => NATIVE_COLUMNS.filter((column) => column.kind === kind).map(({ name }) => name);
    expect(namesOf("number").toSorted().join(" ")).toBe(INTEGERS);
    expect(namesOf("raw")).toEqual(["XS_SESSIONID"]);
  });
});

describe("of a release's columns", () => {
  test("all are selected with native fields, known to us or not", () => {
    for (const name of ["SQL_TEXT", "RLS_INFO", "DB_UNIQUE_NAME", "FROM_2030"])
      expect(isSelected(name, true)).toBe(true);
  });

  test("only what events and their order are made of is selected without", () => {
    for (const name of ["SQL_BINDS", "AUTHENTICATION_TYPE", "USERHOST", "DBID", "ENTRY_ID", "INSTANCE_ID"]) {
      expect(isSelected(name, false)).toBe(true);
    }
    for (const name of ["RLS_INFO", "DB_UNIQUE_NAME", "FROM_2030"]) expect(isSelected(name, false)).toBe(false);
  });

  test("the time in the session's zone and the columns of GV$ never are", () => {
    for (const name of ["EVENT_TIMESTAMP", "INST_ID", "CON_ID"]) {
      expect([isSelected(name, true), isSelected(name, false), isUnlisted(name)]).toEqual([false, false, false]);
    }
  });

  test("those outside the documented list are told from those in it", () => {
    expect(["SOURCE", "FROM_2030", "RLS_INFO", "DBID", "SQL_TEXT", "OS_PROCESS"].filter(isUnlisted)).toEqual([
      "SOURCE",
      "FROM_2030",
    ]);
  });
});
