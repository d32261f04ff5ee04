/** What start installs besides the audits; all of it in database master, or at the server (SQL Server notes §7). */

/** Refuses changes of the stream's audits while the policy is locked. */
export const LOCK_TRIGGER = "rds_das_lock";
/** One row: is the policy locked? */
export const STATE_TABLE = "dbo.rds_das_state";
/** What the policy was when it was locked, an item a row. */
export const RECORD_TABLE = "dbo.rds_das_record";
/** Databases that may not be dropped while the policy is locked. */
export const KEPT_DATABASES_TABLE = "dbo.rds_das_db_spec";
/** Switches on again what was switched off. */
export const HEAL_PROCEDURE = "dbo.rds_das_heal";
/** Certificate that signs the procedure, and the login that lends it its permissions; nobody can log in with it. */
export const SIGNER = "rds_das_signer";
/** Server role for database administrators who are not sysadmin: denied the audits while the policy is locked. */
export const DBA_ROLE = "rds_das_dba";
/** The error of a refusal by the trigger. */
export const LOCKED_ERROR = 51_000;
