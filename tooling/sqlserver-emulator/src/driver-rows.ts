/** Rows of the model as the driver would hand them over, without a wire: for property tests that make many of them. */
import type { AuditColumn } from "./audit-columns.ts";
import { pathOf } from "./model/audit-file.ts";
import type { ColumnValue } from "./model/audit-row.ts";
import type { AuditReadPart } from "./model/read-rows.ts";
import type { VersionProfile } from "./version-profiles.ts";

/** bigint is decimal text, varbinary a Buffer, bit a boolean; times are the text that CONVERT(char(27), …, 121) makes. */
export type DriverValue = string | number | boolean | Buffer | null;

export interface DriverRows {
  /** In the order of the values. */
  readonly columns: readonly Pick<AuditColumn, "name" | "type" | "nullable">[];
  /** The rows of a block, in order; none of a block that reading skips. */
  of(part: AuditReadPart): readonly DriverValue[][];
}

/**
 * What `SELECT names FROM sys.fn_get_audit_file(…)` gives for a version; default: all of its columns.
 * @throws when the version has no column of that name
 */
export function driverRows(profile: VersionProfile, names?: readonly string[]): DriverRows {
  const columns = names ? names.map((name) => columnNamed(profile, name)) : profile.columns;
  return {
    columns,
    of: ({ file, block }) => {
      if (block.unreadable) return [];
      const path = pathOf(file);
      const offset = String(block.offset);
      return block.rows.map((row) =>
        columns.map((column) => {
          if (column.name === "file_name") return path;
          if (column.name === "audit_file_offset") return offset;
          const value = row[column.name];
          return driverValue(value === undefined ? column.absent : value, column);
        }),
      );
    },
  };
}

function columnNamed({ columns, version }: VersionProfile, name: string): AuditColumn {
  const found = columns.find((column) => column.name === name);
  if (!found) throw new Error(`sqlserver-emulator: sys.fn_get_audit_file of ${version} has no column ${name}`);
  return found;
}

function driverValue(value: ColumnValue, { type }: AuditColumn): DriverValue {
  if (value === null) return null;
  switch (type.name) {
    case "bigint":
      return String(value);
    case "varbinary":
      return Buffer.from(String(value).slice(2), "hex");
    case "bit":
      return Boolean(value);
    default:
      return value;
  }
}
