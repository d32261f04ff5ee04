import { READ_PROCEDURE } from "../statements.ts";
import type { SignedProcedure } from "./signed-procedure.ts";

/** What start installs besides the audits; all of it in database master, or at the server (SQL Server notes §7). */

/** Refuses changes of the stream's audits while the policy is locked. */
export const LOCK_TRIGGER = "rds_das_lock";
/** One row: is the policy locked? */
export const STATE_TABLE = "dbo.rds_das_state";
/** What the policy was when it was locked, an item a row. */
export const RECORD_TABLE = "dbo.rds_das_record";
/** Databases that may not be dropped while the policy is locked. */
export const KEPT_DATABASES_TABLE = "dbo.rds_das_db_spec";
/** Puts back what is not as it was recorded. */
export const HEAL: SignedProcedure = { name: "dbo.rds_das_heal", signer: "rds_das_heal_signer" };
/** Reads audit files where that takes CONTROL SERVER, until 2019. */
export const READ: SignedProcedure = { name: READ_PROCEDURE, signer: "rds_das_read_signer" };
/** Server role for database administrators who are not sysadmin: denied the audits while the policy is locked. */
export const DBA_ROLE = "rds_das_dba";
/** The error of a refusal by the trigger. */
export const LOCKED_ERROR = 51_000;
