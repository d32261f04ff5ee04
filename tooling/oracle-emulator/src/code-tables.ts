/** The lookup tables that the view joins (Oracle notes §1.1), read once from the fixtures. */
import { readFileSync } from "node:fs";
import type { AuditRow } from "./model/audit-row.ts";

/** A row of ALL_UNIFIED_AUDIT_ACTIONS; numbers as digits. */
export interface AuditActionCode {
  /** AUDIT_TYPE of AUD$UNIFIED. */
  readonly type: string;
  /** AUDIT_TYPE of the view. */
  readonly component: string;
  /** ACTION of AUD$UNIFIED. */
  readonly action: string;
  /** ACTION_NAME of the view. */
  readonly name: string;
}

/** A row of SYSTEM_PRIVILEGE_MAP: the number is negative, and AUD$UNIFIED has it without the sign. */
export interface SystemPrivilegeCode {
  readonly privilege: string;
  readonly name: string;
}

/** A row of STMT_AUDIT_OPTION_MAP. */
export interface AuditOptionCode {
  readonly option: string;
  readonly name: string;
}

/** The columns of AUD$UNIFIED and GV$UNIFIED_AUDIT_TRAIL that hold codes; null is NULL. */
export interface RawCodes {
  readonly AUDIT_TYPE: string | null;
  readonly ACTION: string | null;
  readonly SYSTEM_PRIVILEGE: string | null;
  readonly AUDIT_OPTION: string | null;
}

/** Audit types that came after 12.2; the release of the others is not known and assumed to be 12.2. */
const TYPES_SINCE: Readonly<Record<string, number>> = { Protocol: 19, "SQL Firewall": 23 };

/** @param major the release; 12 stands for 12.2 */
export function auditActionCodes(major: number): readonly AuditActionCode[] {
  return allActions().filter(({ component }) => (TYPES_SINCE[component] ?? 12) <= major);
}

export function systemPrivilegeCodes(): readonly SystemPrivilegeCode[] {
  privileges ??= readTable("system-privileges.csv").map(([privilege = "", name = ""]) => ({ privilege, name }));
  return privileges;
}

export function auditOptionCodes(): readonly AuditOptionCode[] {
  options ??= readTable("audit-options.csv").map(([option = "", name = ""]) => ({ option, name }));
  return options;
}

/**
 * The numbers behind the texts of a row. A text that no table has is NULL there, but for the action and the audit
 * type, which are NOT NULL: a number that no table has, so that the row is one that the view does not show.
 */
export function rawCodesOf(row: AuditRow): RawCodes {
  typesByName ??= new Map(allActions().map(({ component, type }) => [component, type]));
  actionsByName ??= new Map(allActions().map(({ component, name, action }) => [`${component}/${name}`, action]));
  privilegesByName ??= new Map(systemPrivilegeCodes().map(({ name, privilege }) => [name, privilege.slice(1)]));
  optionsByName ??= new Map(auditOptionCodes().map(({ name, option }) => [name, option]));
  return {
    AUDIT_TYPE: typesByName.get(row.AUDIT_TYPE) ?? UNKNOWN_CODE,
    ACTION: row.ACTION_CODE ?? actionsByName.get(`${row.AUDIT_TYPE}/${row.ACTION_NAME}`) ?? UNKNOWN_CODE,
    SYSTEM_PRIVILEGE: privilegesByName.get(row.SYSTEM_PRIVILEGE ?? "") ?? null,
    AUDIT_OPTION: optionsByName.get(row.AUDIT_OPTION ?? "") ?? null,
  };
}

const UNKNOWN_CODE = "9999";

let actions: readonly AuditActionCode[] | undefined;
let privileges: readonly SystemPrivilegeCode[] | undefined;
let options: readonly AuditOptionCode[] | undefined;
let typesByName: ReadonlyMap<string, string> | undefined;
let actionsByName: ReadonlyMap<string, string> | undefined;
let privilegesByName: ReadonlyMap<string, string> | undefined;
let optionsByName: ReadonlyMap<string, string> | undefined;

function allActions(): readonly AuditActionCode[] {
  actions ??= readTable("actions.csv").map(([type = "", component = "", action = "", name = ""]) => ({
    type,
    component,
    action,
    name,
  }));
  return actions;
}

/** No field of these files holds a comma. */
function readTable(name: string): readonly (readonly string[])[] {
  const text = readFileSync(new URL(`../fixtures/code-tables/${name}`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
}
