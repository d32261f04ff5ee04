/** Why a definition is refused: the texts of sys.messages. */
import { ServerError } from "../sql/server-error.ts";

/** 15151 of something that is to be altered or dropped. */
export function doesNotExist(verb: "alter" | "drop" | "find", what: string, name: string): ServerError {
  return new ServerError(
    15151,
    `Cannot ${verb} the ${what} '${name}', because it does not exist or you do not have permission.`,
  );
}

/** 15530. */
export function nameIsTaken(what: string, name: string): ServerError {
  return new ServerError(15530, `The ${what} with name "${name}" already exists.`);
}

/** 15247, the refusal of most definitions. */
export function notPermitted(): ServerError {
  return new ServerError(15247, "User does not have permission to perform this action.");
}

/** 33071. */
export function mustBeDisabled(): ServerError {
  return new ServerError(
    33071,
    "This command requires audit to be disabled. Disable the audit and rerun this command.",
  );
}

/** 33073, of the audit that a specification is for. */
export function auditNotFound(name: string): ServerError {
  return new ServerError(33073, `Cannot find server audit '${name}' or you do not have the required permissions.`);
}

/** 33074. */
export function onlyInMaster(verb: "create" | "alter" | "drop", what: string): ServerError {
  return new ServerError(
    33074,
    `Cannot ${verb} a ${what} from a user database. This operation must be performed in the master database.`,
  );
}

/** 33222; sys.messages gives it severity 10, what was published of real servers came with 16. */
export function failedToStart(audit: string): ServerError {
  return new ServerError(
    33222,
    `Audit '${audit}' failed to start . For more information, see the SQL Server error log. You can also query sys.dm_os_ring_buffers where ring_buffer_type = 'RING_BUFFER_XE_LOG'.`,
  );
}

export const AUDIT_REFUSALS = {
  sizeTooSmall: new ServerError(
    33070,
    "The specified maximum size limit for the audit log file is less than the minimum value allowed. The maximum size limit must be at least 2 MB.",
  ),
  reservedUnlimited: new ServerError(
    33077,
    "RESERVE_DISK_SPACE cannot be specified when setting MAXSIZE = UNLIMITED. Either reduce MAXSIZE or do not specify RESERVE_DISK_SPACE.",
  ),
  stateWithOthers: new ServerError(
    33223,
    "ALTER SERVER AUDIT requires the STATE option to be specified without using any other options.",
  ),
  queueDelay: new ServerError(
    33227,
    "The specified value for QUEUE_DELAY is not valid. Specify either 0 or 1000 and higher.",
  ),
  shutdown: new ServerError(
    33228,
    "You cannot configure SQL Server Audit to shutdown the server because you do not have the permission to shut down the server. Contact your system administrator.",
  ),
  specificationEnabled: new ServerError(
    33229,
    "Changes to an audit specification must be done while the audit specification is disabled.",
  ),
  bothLimits: new ServerError(33238, "MAX_FILES and MAX_ROLLOVER_FILES options cannot be specified toghether."),
  granular: new ServerError(
    33075,
    "Granular auditing is not available in this edition of SQL Server. For more information about feature support in the editions of SQL Server, see SQL Server Books Online.",
  ),
} as const;

/** 33230. */
export function specificationExists(audit: string): ServerError {
  return new ServerError(33230, `An audit specification for audit '${audit}' already exists.`);
}

/** 1088. */
export function triggerNotFound(name: string): ServerError {
  return new ServerError(
    1088,
    `Cannot find the object "${name}" because it does not exist or you do not have permissions.`,
  );
}

/** 3701. */
export function databaseNotFound(name: string): ServerError {
  return new ServerError(
    3701,
    `Cannot drop the database '${name}', because it does not exist or you do not have permission.`,
    11,
  );
}

/** 3701 of a table or a procedure. */
export function objectNotFound(what: string, name: string): ServerError {
  const text = `Cannot drop the ${what} '${name}', because it does not exist or you do not have permission.`;
  return new ServerError(3701, text, 11, 5);
}
