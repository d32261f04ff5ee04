/**
 * What is done on the server, as the columns that tell one action from another. Values are those of real rows where
 * there are any (action and class codes, masks, empty names); the rest follows SQL Server notes §§2.1 to 2.4.
 */
import type { AuditRow } from "../model/audit-row.ts";
import { CHANGES } from "./changes.ts";
import { PROCEDURES, TABLES } from "./population.ts";
import type { Random } from "./random.ts";
import { deleteStatement, insertStatement, longStatement, selectStatement, updateStatement } from "./statements.ts";
import type { WorkSession } from "./work-session.ts";

export interface Activity {
  /** Into which audit it goes. */
  readonly audit: "stream" | "changes";
  readonly statement: string;
  readonly columns: Partial<AuditRow> & Pick<AuditRow, "action_id">;
}

export type MakeActivity = (random: Random, session: WorkSession) => Activity;

/** The permission that was checked, as a mask of 16 bytes. */
function mask(bit: number): string {
  return `0x${bit.toString(16).padStart(32, "0")}`;
}

const SELECT_MASK = mask(0x01);
const UPDATE_MASK = mask(0x02);
const INSERT_MASK = mask(0x08);
const DELETE_MASK = mask(0x10);
const EXECUTE_MASK = mask(0x20);
const NO_DATABASE = {
  database_name: "",
  database_principal_name: "",
  database_principal_id: 0,
  schema_name: "",
  object_name: "",
  object_id: 0,
};

function onTable(
  actionId: string,
  permission: string,
  statementOf: (random: Random, table: (typeof TABLES)[number]) => string,
): MakeActivity {
  return (random) => {
    const table = random.pick(TABLES);
    return {
      audit: "stream",
      statement: statementOf(random, table),
      columns: {
        action_id: actionId,
        class_type: "U ",
        succeeded: !random.chance(0.01),
        permission_bitmask: permission,
        is_column_permission: actionId === "SL  " || actionId === "UP  ",
        object_id: table.objectId,
        database_name: table.database,
        schema_name: table.schema,
        object_name: table.name,
        data_sensitivity_information: table.database === "Clinic" ? SENSITIVE : "",
      },
    };
  };
}

/** As the documentation of sensitivity classification shows it; no real row with it was found. */
const SENSITIVE =
  '<sensitivity_attributes max_rank="30" max_rank_desc="High"><sensitivity_attribute label="Highly Confidential" label_id="C64ABA7B-3A3E-95B6-535D-3BC535DA5A59" information_type="Health" information_type_id="6E2C5B18-97CF-3073-27AB-F12F87493DA7" rank="30" rank_desc="High"/></sensitivity_attributes>';

const execute: MakeActivity = (random) => {
  const procedure = random.pick(PROCEDURES);
  const name = `${procedure.schema}.${procedure.name}`;
  return {
    audit: "stream",
    statement: `EXEC ${name} ${procedure.argument} = N'${random.hex(random.between(4, 24))}'`,
    columns: {
      action_id: "EX  ",
      class_type: "P ",
      permission_bitmask: EXECUTE_MASK,
      object_id: procedure.objectId,
      database_name: procedure.database,
      schema_name: procedure.schema,
      object_name: procedure.name,
    },
  };
};

const LOGIN_SETTINGS =
  "-- network protocol: TCP/IP\r\nset quoted_identifier on\r\nset arithabort off\r\nset numeric_roundabort off\r\nset ansi_warnings on\r\nset ansi_padding on\r\nset ansi_nulls on\r\nset concat_null_yields_null on\r\nset cursor_close_on_commit off\r\nset implicit_transactions off\r\nset language us_english\r\nset dateformat mdy\r\nset datefirst 7\r\nset transaction isolation level read committed\r\n";

export const logIn: MakeActivity = (_random, { person }) => ({
  audit: "stream",
  statement: LOGIN_SETTINGS,
  columns: {
    action_id: "LGIS",
    class_type: "LX",
    ...NO_DATABASE,
    additional_information: `<action_info xmlns="http://schemas.microsoft.com/sqlserver/2008/sqlaudit_data"><pooled_connection>0</pooled_connection><client_options>0x28000020</client_options><client_options1>0x0001f438</client_options1><connect_options>0x00000000</connect_options><packet_data_size>4096</packet_data_size><address>${person.address}</address><is_dac>0</is_dac></action_info>`,
  },
});

/** No real row of a logout was found. */
export const logOut: MakeActivity = () => ({
  audit: "stream",
  statement: "",
  columns: { action_id: "LGO ", class_type: "LX", ...NO_DATABASE },
});

const change: MakeActivity = (random) => {
  const made = random.pick(CHANGES);
  return {
    audit: made.audit ?? "stream",
    statement: made.statement(random),
    columns: {
      action_id: made.actionId,
      class_type: made.classType,
      object_id: 0,
      database_name: made.database ?? "",
      schema_name: made.schema ?? "",
      object_name: made.objectName,
      target_database_principal_name: made.target ?? "",
      additional_information: made.information ?? "",
    },
  };
};

/** Since 2019: the batch as a whole, with its counts. */
const batchCompleted: MakeActivity = (random) => {
  const table = random.pick(TABLES);
  const rows = random.between(0, 500);
  return {
    audit: "stream",
    statement: `${selectStatement(random, table)};\r\n${updateStatement(random, table)}`,
    columns: {
      action_id: "BCM ",
      class_type: "DB",
      object_id: 7,
      database_name: table.database,
      object_name: table.database,
      duration_milliseconds: random.between(0, 900),
      response_rows: rows,
      affected_rows: rows,
    },
  };
};

/** Since 2016. No real row of a transaction was found. */
const transaction: MakeActivity = (random) => {
  const [actionId, statement] = random.pick([
    ["TXBG", "BEGIN TRANSACTION"],
    ["TXCM", "COMMIT TRANSACTION"],
    ["TXRB", "ROLLBACK TRANSACTION"],
  ] as const);
  const table = random.pick(TABLES);
  return {
    audit: "stream",
    statement,
    columns: {
      action_id: actionId,
      class_type: "DB",
      object_id: 7,
      database_name: table.database,
      object_name: table.database,
    },
  };
};

export interface WeightedActivity {
  readonly weight: number;
  readonly make: MakeActivity;
  readonly since?: number;
  /** Changes nothing, so a secondary replica has it, too. */
  readonly reads?: boolean;
}

export const ACTIVITIES: readonly WeightedActivity[] = [
  { weight: 440, make: onTable("SL  ", SELECT_MASK, selectStatement), reads: true },
  { weight: 110, make: onTable("IN  ", INSERT_MASK, insertStatement) },
  { weight: 100, make: onTable("UP  ", UPDATE_MASK, updateStatement) },
  { weight: 30, make: onTable("DL  ", DELETE_MASK, deleteStatement) },
  { weight: 2, make: onTable("IN  ", INSERT_MASK, longStatement) },
  { weight: 150, make: execute },
  { weight: 25, make: change },
  { weight: 20, make: batchCompleted, since: 2019 },
  { weight: 20, make: transaction, since: 2016 },
];
