/** Everything that a statement can name, for one version. */
import type { Catalog, CatalogTable, Procedure, ScalarFunction } from "../sql/context.ts";
import { PURE_FUNCTIONS } from "../sql/pure-functions.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { auditFileFunction, auditFileFunctionWithTimes } from "./audit-file-function.ts";
import { AUDIT_VIEWS } from "./audit-views.ts";
import { AUDIT_WRITE } from "./audit-write.ts";
import { DESCRIBE_FIRST_RESULT_SET } from "./describe.ts";
import { READ_ERROR_LOG } from "./error-log.ts";
import { ENUMERATE_FILESYSTEM, FILE_EXISTS, LIST_DIRECTORY_TREE } from "./file-listing.ts";
import { INSTANCE_FUNCTIONS } from "./instance-functions.ts";
import { INSTANCE_VIEWS } from "./instance-views.ts";
import { GET_APPLICATION_LOCK, LOCK_FUNCTIONS, RELEASE_APPLICATION_LOCK } from "./lock-procedures.ts";
import { PRINCIPAL_FUNCTIONS } from "./principal-functions.ts";
import { PRINCIPAL_VIEWS } from "./principal-views.ts";

/** Name, what it is, and the first version that has it. */
type Entry<Value> = readonly [name: string, value: Value, since?: number];

const TABLES: readonly Entry<CatalogTable>[] = [
  ...AUDIT_VIEWS,
  ...INSTANCE_VIEWS,
  ...PRINCIPAL_VIEWS,
  ["sys.dm_exec_describe_first_result_set", DESCRIBE_FIRST_RESULT_SET, 2012],
  ["sys.dm_os_enumerate_filesystem", ENUMERATE_FILESYSTEM, 2017],
];

const FUNCTIONS: readonly Entry<ScalarFunction>[] = [
  ...PURE_FUNCTIONS,
  ...INSTANCE_FUNCTIONS,
  ...PRINCIPAL_FUNCTIONS,
  ...LOCK_FUNCTIONS,
];

const PROCEDURES: readonly Entry<Procedure>[] = [
  ["sp_getapplock", GET_APPLICATION_LOCK],
  ["sp_releaseapplock", RELEASE_APPLICATION_LOCK],
  ["xp_dirtree", LIST_DIRECTORY_TREE],
  ["xp_fileexist", FILE_EXISTS],
  ["xp_readerrorlog", READ_ERROR_LOG],
  ["sp_audit_write", AUDIT_WRITE, 2012],
];

export function catalogOf(profile: VersionProfile): Catalog {
  const present = <Value>(entries: readonly Entry<Value>[]): ReadonlyMap<string, Value> =>
    new Map(entries.filter(([, , since = 0]) => since <= profile.year).map(([name, value]) => [name, value]));
  return {
    tables: present([
      ...TABLES,
      ["sys.fn_get_audit_file", auditFileFunction(profile)],
      ["sys.fn_get_audit_file_v2", auditFileFunctionWithTimes(profile), 2025],
    ]),
    functions: present(FUNCTIONS),
    procedures: present(PROCEDURES),
  };
}
