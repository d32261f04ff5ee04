import { eventIdentity, type InstanceContext } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KEY_COLUMNS } from "./audit-server.ts";
import { compareRows, contentOf, keyOf, keyOfValues, markerOf } from "./key.ts";
import { toEvent } from "./map-event.ts";
import { type OracleRow, type OracleValue, rowOf, type TrailDescription } from "./row.ts";

const NAMES = [...KEY_COLUMNS, "DBUSERNAME", "SQL_TEXT", "SOURCE", "DB_UNIQUE_NAME"];
const trail: TrailDescription = { columns: NAMES.map((name) => ({ name, kind: "text" })) };
/** The same columns as another connection may have them. */
const otherTrail: TrailDescription = { columns: trail.columns.toReversed() };

type Values = Partial<Record<string, OracleValue>>;

const LOGON: Values = {
  DBID: "1559204751",
  INSTANCE_ID: "1",
  SESSIONID: "3365856669",
  ENTRY_ID: "1",
  STATEMENT_ID: "1",
  EVENT_TIMESTAMP_UTC: "2023-11-27 06:56:14.981404",
  OS_PROCESS: "22396",
  AUDIT_TYPE: "Standard",
  ACTION_NAME: "LOGON",
  RETURN_CODE: "0",
  DBUSERNAME: "HR_APP",
};

function rowWith(values: Values, ordinal = 0, of: TrailDescription = trail): OracleRow {
  const complete: Values = { ...LOGON, ...values };
  return {
    ...rowOf(
      of,
      of.columns.map(({ name }) => complete[name] ?? null),
    ),
    ordinal,
  };
}

const keyValuesOf = (values: Values) => KEY_COLUMNS.map((name) => ({ ...LOGON, ...values })[name] ?? null);

/** Values that collide where somebody joins them carelessly. */
const value = fc.option(
  fc.string({ unit: fc.constantFrom("a", "1", ":", "%", "*", " ", ",", '"', "\0", "é", "\ud83d") }),
);
const digits = fc.option(fc.nat({ max: 12 }).map(String));
const time = fc.constantFrom("2023-11-27 06:56:14.981404", "2023-11-27 06:56:14.981405");
const keyColumns = fc.record({
  ...Object.fromEntries(KEY_COLUMNS.map((name) => [name, fc.oneof(value, digits)])),
  EVENT_TIMESTAMP_UTC: time,
});
/** As an Oracle has them: numbers are digits, no text is empty. */
const oracleText = value.map((text) => text || null);
const oracleColumns = fc.record({
  INSTANCE_ID: digits,
  SESSIONID: digits,
  ENTRY_ID: digits,
  STATEMENT_ID: digits,
  EVENT_TIMESTAMP_UTC: time,
  OS_PROCESS: fc.oneof(
    digits,
    digits.map((text) => text && `0${text}`),
    oracleText,
  ),
  AUDIT_TYPE: oracleText,
  ACTION_NAME: oracleText,
  RETURN_CODE: digits,
  OBJECT_SCHEMA: oracleText,
  OBJECT_NAME: oracleText,
  FGA_POLICY_NAME: oracleText,
});

/** Two that are alike but for some of their members, or for none. */
function alike<Columns extends object>(columns: fc.Arbitrary<Columns>): fc.Arbitrary<readonly [Columns, Columns]> {
  return fc.tuple(columns, columns).chain(([a, b]) =>
    fc.subarray(Object.keys(a)).map((names) => {
      const other = Object.fromEntries(names.map((name) => [name, b[name as keyof Columns]]));
      return [a, { ...a, ...other }] as const;
    }),
  );
}

describe("the key of a row", () => {
  test("is 128 bits, the same from a row and from the values of its key columns", () => {
    expect(keyOf(rowWith({}))).toMatch(/^[\w-]{22}$/);
    fc.assert(
      fc.property(keyColumns, (columns) => {
        expect(keyOf(rowWith(columns))).toBe(keyOfValues(keyValuesOf(columns)));
        expect(keyOf(rowWith(columns, 0, otherTrail))).toBe(keyOf(rowWith(columns)));
      }),
    );
  });

  test("is the same for equal key columns, and for no others", () => {
    fc.assert(
      fc.property(alike(keyColumns), ([a, b]) => {
        const isEqual = KEY_COLUMNS.every((name) => a[name as keyof typeof a] === b[name as keyof typeof b]);
        expect(keyOf(rowWith(a)) === keyOf(rowWith(b))).toBe(isEqual);
      }),
    );
  });

  test("does not change with what else the row says, nor with its ordinal", () => {
    const loaded = rowWith({ SOURCE: "DATABASE", DB_UNIQUE_NAME: "ORCL_B", SQL_TEXT: "x" }, 3);
    expect(keyOf(loaded)).toBe(keyOf(rowWith({ SOURCE: "FILE", DB_UNIQUE_NAME: null })));
  });

  test("takes a column that is not there for NULL", () => {
    const columns = trail.columns.filter(({ name }) => name !== "FGA_POLICY_NAME");
    expect(keyOf(rowWith({}, 0, { columns }))).toBe(keyOf(rowWith({ FGA_POLICY_NAME: null })));
  });
});

describe("the content of a row", () => {
  test("tells rows of one key apart, in eight characters", () => {
    expect(contentOf(rowWith({}))).toMatch(/^[\w-]{8}$/);
    expect(contentOf(rowWith({ SQL_TEXT: "SELECT 1" }))).not.toBe(contentOf(rowWith({ SQL_TEXT: "SELECT 2" })));
    expect(contentOf(rowWith({ SQL_TEXT: "a" }))).not.toBe(contentOf(rowWith({ SQL_TEXT: null, DBUSERNAME: "a" })));
  });

  test("is the same in the files and, once they are loaded, in the table", () => {
    const loaded = rowWith({ SOURCE: "DATABASE", DB_UNIQUE_NAME: "ORCL_B" }, 1, otherTrail);
    expect(contentOf(loaded)).toBe(contentOf(rowWith({ SOURCE: "FILE", DB_UNIQUE_NAME: "ORCL_A" })));
  });
});

describe("the marker of a row", () => {
  test("is instance and entry, and more only where there is more to tell", () => {
    expect(markerOf(rowWith({ ENTRY_ID: "17" }))).toBe("1:17");
    expect(markerOf(rowWith({ ENTRY_ID: "17", OS_PROCESS: "ORACLE.EXE (S" }))).toBe("1:17:ORACLE.EXE%0020%0028S");
    expect(markerOf(rowWith({ ENTRY_ID: "17", OS_PROCESS: "017" }))).toBe("1:17:017");
    expect(markerOf(rowWith({ ENTRY_ID: "17", OS_PROCESS: "null" }))).toBe("1:17:null");
    expect(markerOf(rowWith({ ENTRY_ID: "17", FGA_POLICY_NAME: "SALARIES" }))).toBe("1:17::SALARIES");
    expect(markerOf(rowWith({ ENTRY_ID: "17" }, 2))).toBe("1:17:::2");
    expect(markerOf(rowWith({ INSTANCE_ID: null, ENTRY_ID: null, OS_PROCESS: null }))).toBe("");
  });

  test("has no blank and no asterisk, and is another one for other values", () => {
    const parts = fc.record({ INSTANCE_ID: value, ENTRY_ID: value, OS_PROCESS: value, FGA_POLICY_NAME: value });
    fc.assert(
      fc.property(alike(parts), fc.nat({ max: 2 }), fc.nat({ max: 2 }), ([a, b], ordinalOfA, ordinalOfB) => {
        const markers = [markerOf(rowWith(a, ordinalOfA)), markerOf(rowWith(b, ordinalOfB))] as const;
        // A process that is a plain number is in the event instead.
        const shown = (columns: typeof a) => ({
          ...columns,
          OS_PROCESS: /^(0|[1-9]\d*)$/.test(columns.OS_PROCESS ?? "") ? null : columns.OS_PROCESS,
        });
        const isEqual = JSON.stringify([shown(a), ordinalOfA]) === JSON.stringify([shown(b), ordinalOfB]);
        expect(markers[0] === markers[1]).toBe(isEqual);
        for (const marker of markers) expect(marker).toMatch(/^[\w$.:%-]*$/);
      }),
    );
  });

  test("together with its event identifies a row exactly as its key and ordinal do", () => {
    const context: InstanceContext = {
      serverHost: "10.0.1.20",
      serverVersion: "19.21.0.0.0.EE",
      serviceName: "oracle-ee",
      databaseName: "ORCL",
      nativeAuditFields: "omit",
    };
    const identityOf = (row: OracleRow) => eventIdentity("oracle:1:2", markerOf(row), toEvent(row, context));
    fc.assert(
      fc.property(alike(oracleColumns), fc.nat({ max: 1 }), fc.nat({ max: 1 }), ([a, b], ordinalOfA, ordinalOfB) => {
        const [first, second] = [rowWith(a, ordinalOfA), rowWith(b, ordinalOfB)];
        const isSameRow = keyOf(first) === keyOf(second) && ordinalOfA === ordinalOfB;
        expect(identityOf(first) === identityOf(second)).toBe(isSameRow);
      }),
    );
  });
});

describe("the order of rows", () => {
  test("is time, session, entry, statement, as numbers of any size, then the rest", () => {
    const inOrder: readonly Values[] = [
      { EVENT_TIMESTAMP_UTC: "2023-11-27 06:56:14.981403", SESSIONID: "866957642826845769" },
      { SESSIONID: null },
      { SESSIONID: "9", ENTRY_ID: "10", STATEMENT_ID: "1" },
      { SESSIONID: "10", ENTRY_ID: "9", STATEMENT_ID: "10" },
      { SESSIONID: "10", ENTRY_ID: "10", STATEMENT_ID: "9" },
      { SESSIONID: "10", ENTRY_ID: "10", STATEMENT_ID: "10" },
      { SESSIONID: "10", ENTRY_ID: "10", STATEMENT_ID: "10", ACTION_NAME: "SELECT" },
      { SESSIONID: "10", ENTRY_ID: "10", STATEMENT_ID: "10", ACTION_NAME: "SELECT", SQL_TEXT: "SELECT 1" },
      { SESSIONID: "866957642826845768" },
      { SESSIONID: "866957642826845769" },
      { EVENT_TIMESTAMP_UTC: "2023-11-27 06:56:14.981405", SESSIONID: "1" },
    ];
    const rows = inOrder.map((values) => rowWith(values));
    expect(rows.toReversed().toSorted(compareRows)).toEqual(rows);
  });

  test("is the same from whatever order rows came, and whatever order their columns have", () => {
    const slice = fc.array(fc.tuple(keyColumns, value, fc.boolean()), { maxLength: 8 });
    fc.assert(
      fc.property(slice, fc.array(fc.nat()), (rows, shuffle) => {
        const of = rows.map(([columns, text, other]) =>
          rowWith({ ...columns, SQL_TEXT: text }, 0, other ? otherTrail : trail),
        );
        const shuffled = of.toSorted((a, b) => (shuffle[of.indexOf(a)] ?? 0) - (shuffle[of.indexOf(b)] ?? 0));
        const read = (sorted: readonly OracleRow[]) =>
          sorted.toSorted(compareRows).map((row) => keyOf(row) + contentOf(row));
        expect(read(shuffled)).toEqual(read(of));
      }),
    );
  });

  test("puts rows of one key side by side", () => {
    fc.assert(
      fc.property(fc.array(oracleColumns, { maxLength: 20 }), (columns) => {
        const keys = columns
          .map((one) => rowWith(one))
          .toSorted(compareRows)
          .map(keyOf);
        const changes = keys.filter((key, index) => key !== keys[index - 1]).length;
        expect(changes).toBe(new Set(keys).size);
      }),
    );
  });
});
