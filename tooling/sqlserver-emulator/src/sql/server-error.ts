import type { ServerMessage } from "../protocol/tokens.ts";

/** An error that the engine reports to its client. */
export class ServerError extends Error {
  readonly report: ServerMessage;

  constructor(number: number, text: string, severity = 16, state = 1) {
    super(`${number}: ${text}`);
    this.report = { number, severity, state, text };
  }
}

/** Whatever the emulator does not understand is an error, so that no test passes by accident. */
export function syntaxError(near: string): ServerError {
  return new ServerError(102, `Incorrect syntax near '${near}'.`, 15);
}

export function unknownColumn(name: string): ServerError {
  return new ServerError(207, `Invalid column name '${name}'.`);
}

export function unknownObject(name: string): ServerError {
  return new ServerError(208, `Invalid object name '${name}'.`);
}

export function unknownFunction(name: string): ServerError {
  return new ServerError(195, `'${name}' is not a recognized built-in function name.`, 15, 10);
}

export function undeclaredVariable(name: string): ServerError {
  return new ServerError(137, `Must declare the scalar variable "${name}".`, 15, 2);
}

export function conversionFailed(text: string, type: string): ServerError {
  return new ServerError(245, `Conversion failed when converting the nvarchar value '${text}' to data type ${type}.`);
}

/** The messages of sys.fn_get_audit_file (SQL Server notes §3). */
const AUDIT_READ_TEXTS = {
  33224:
    "The specified pattern did not return any files or does not represent a valid file share. Verify the pattern parameter and rerun the command.",
  33225:
    "The specified values for initial_file_name and audit_record_offset do not represent a valid location within the audit file set. Verify the file name and offset location, and then rerun the command.",
  25718:
    "The log file name is invalid. Verify that the file exists and that the SQL Server service account has access to it.",
  25719:
    "Initial file name and initial offset must be specified as a pair. Please correct the parameters and retry your query.",
  25722: "The offset is invalid for log file. Specify an offset that exists in the log file and retry your query.",
} as const;

export function auditReadError(number: keyof typeof AUDIT_READ_TEXTS): ServerError {
  return new ServerError(number, AUDIT_READ_TEXTS[number]);
}

/** The three messages with which the engine may refuse a read (SQL Server notes §10: which one is not known). */
export function permissionError(number: 229 | 297 | 300, permission: string, object: string): ServerError {
  if (number === 229) {
    const text = `The SELECT permission was denied on the object '${object}', database 'mssqlsystemresource', schema 'sys'.`;
    return new ServerError(229, text, 14, 5);
  }
  if (number === 297) return new ServerError(297, "The user does not have permission to perform this action.");
  return new ServerError(300, `${permission} permission was denied on object 'server', database 'master'.`, 14);
}
