/** The packages that clients of the trail call. */
import { timestampText } from "../model/audit-row.ts";
import type { Package, PackageMember, Parameter, SqlContext } from "../sql/context.ts";
import { boolean, number, type SqlType, type SqlValue, varchar2 } from "../sql-types.ts";

export type Arguments = ReadonlyMap<string, SqlValue>;

export function parameter(name: string, type: SqlType, value?: SqlValue): Parameter {
  return value === undefined ? { name, type, isOptional: false } : { name, type, isOptional: true, value };
}

export function packageOf(
  owner: string,
  name: string,
  constants: Readonly<Record<string, number | string>>,
  members: Readonly<Record<string, PackageMember>>,
  isPublic = false,
): Package {
  return {
    owner,
    name,
    isPublic,
    constants: new Map(
      Object.entries(constants).map(([constant, value]) => [
        constant,
        { type: typeof value === "number" ? number : varchar2(30), value },
      ]),
    ),
    members: new Map(Object.entries(members)),
  };
}

const text = varchar2(32_767);

function setting(...names: readonly string[]) {
  return (apply: (session: SqlContext["session"], values: readonly (string | null)[]) => void): PackageMember => ({
    parameters: names.map((name) => parameter(name, text)),
    run: (args, { session }) => {
      apply(
        session,
        names.map((name) => {
          const value = args.get(name) ?? null;
          return value === null ? null : String(value);
        }),
      );
      return null;
    },
  });
}

export const DBMS_APPLICATION_INFO = packageOf(
  "SYS",
  "DBMS_APPLICATION_INFO",
  {},
  {
    SET_MODULE: setting(
      "MODULE_NAME",
      "ACTION_NAME",
    )((session, [module = null, action = null]) => {
      session.module = module;
      session.action = action;
    }),
    SET_ACTION: setting("ACTION_NAME")((session, [action = null]) => {
      session.action = action;
    }),
    SET_CLIENT_INFO: setting("CLIENT_INFO")((session, [info = null]) => {
      session.clientInfo = info;
    }),
  },
  true,
);

export const DBMS_SESSION = packageOf(
  "SYS",
  "DBMS_SESSION",
  {},
  {
    SET_IDENTIFIER: setting("CLIENT_ID")((session, [identifier = null]) => {
      session.clientIdentifier = identifier;
    }),
    CLEAR_IDENTIFIER: setting()((session) => {
      session.clientIdentifier = null;
    }),
  },
  true,
);

/** Statistics change no result here but those that tell of them. */
export const DBMS_STATS = packageOf(
  "SYS",
  "DBMS_STATS",
  {},
  {
    GATHER_TABLE_STATS: {
      parameters: [parameter("OWNNAME", text), parameter("TABNAME", text), parameter("CASCADE", boolean, null)],
      run: (args, { dictionary, now }) => {
        if (args.get("TABNAME") === "AUD$UNIFIED")
          dictionary.changeDatabase({ analyzedAt: timestampText(now).slice(0, 19) });
        return null;
      },
    },
    GATHER_FIXED_OBJECTS_STATS: { parameters: [], run: () => null },
  },
  true,
);

export const DBMS_OUTPUT = packageOf(
  "SYS",
  "DBMS_OUTPUT",
  {},
  {
    PUT_LINE: { parameters: [parameter("A", text)], run: () => null },
    ENABLE: { parameters: [parameter("BUFFER_SIZE", number, 20_000)], run: () => null },
  },
  true,
);
