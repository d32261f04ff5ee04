import type { ResultColumn } from "../protocol/tokens.ts";
import type { CatalogTable } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";
import { bit, int, nvarchar, type SqlType, smallint, sysname, typeText } from "../sql-types.ts";
import { view } from "./table.ts";

interface DescribedColumn {
  readonly ordinal: number;
  readonly column: ResultColumn;
}

const FIXED_SIZES: Partial<Record<SqlType["name"], number>> = {
  bit: 1,
  tinyint: 1,
  smallint: 2,
  int: 4,
  bigint: 8,
  datetime: 8,
  datetime2: 8,
  uniqueidentifier: 16,
};

/** In bytes; −1 is `max`. */
function byteLength({ name, length }: SqlType): number {
  if (length === "max") return -1;
  if (length === undefined) return FIXED_SIZES[name] ?? 0;
  return name.startsWith("n") ? 2 * length : length;
}

const READS_AUDIT_FILES = /\bfn_get_audit_file/i;

/** sys.dm_exec_describe_first_result_set(text, parameters, mode): what columns a query would give, without running it. */
export const DESCRIBE_FIRST_RESULT_SET: CatalogTable<DescribedColumn> = view<DescribedColumn>(
  [
    ["is_hidden", bit, () => false],
    ["column_ordinal", int, ({ ordinal }) => ordinal],
    ["name", sysname, ({ column }) => column.name],
    ["is_nullable", bit, ({ column }) => column.nullable],
    ["system_type_name", nvarchar(256), ({ column }) => typeText(column.type)],
    ["max_length", smallint, ({ column }) => byteLength(column.type)],
    ["error_number", int, () => null],
    ["error_message", nvarchar(4000), () => null],
  ],
  (context, [text = null]) => {
    if (text === null)
      throw new ServerError(201, "Parameter @tsql of sys.dm_exec_describe_first_result_set was not supplied.");
    if (!context.engine.instance.describesAuditFiles && READS_AUDIT_FILES.test(String(text))) return [];
    return context.describe(String(text)).map((column, index) => ({ ordinal: index + 1, column }));
  },
);
