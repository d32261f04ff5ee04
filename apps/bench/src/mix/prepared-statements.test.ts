import type { AuditRow } from "@das/sqlserver-emulator";
import { expect, test } from "vitest";
import { PreparedStatements } from "./prepared-statements.ts";

const row = (login: string, statement: string, number = 0): AuditRow => ({
  event_time: "2026-01-05 08:00:00.0000000",
  action_id: "UP  ",
  session_server_principal_name: login,
  object_name: "orders",
  sequence_number: 1,
  sequence_group_id: `0x${(number * 0x1000_0000).toString(16).padStart(8, "0")}${"0".repeat(24)}`,
  statement,
});
const statementOf = (n: number) =>
  `UPDATE dbo.orders SET c${n} = N'O''Brien' WHERE order_id = ${n} AND x2 = '2026-01-01'`;

test("an application with parameters has few statements, without a value", () => {
  const prepared = new PreparedStatements();
  const texts = Array.from({ length: 16 }, (_, n) => prepared.prepare(row("billing_app", statementOf(n), n)).statement);
  expect(new Set(texts).size).toBe(3);
  expect(texts[0]).toBe("UPDATE dbo.orders SET c0 = @p1 WHERE order_id = @p2 AND x2 = @p3");
});

test("one that writes its values into the text has few shapes, with each row's own values", () => {
  const prepared = new PreparedStatements();
  const texts = Array.from({ length: 16 }, (_, n) => prepared.prepare(row("web_shop", statementOf(n), n)).statement);
  expect(new Set(texts).size).toBe(16);
  expect(new Set(texts.map((text) => String(text).replace(/= \d+/, "=")))).toHaveLength(3);
  expect(texts[15]).toContain("= N'O''Brien' WHERE order_id = 15 AND");
});

test("nothing but the statement changes, and nothing of others, of pieces, or of other actions", () => {
  const prepared = new PreparedStatements();
  const { statement: _, ...others } = prepared.prepare(row("web_shop", statementOf(1)));
  expect(others).toEqual({ ...row("web_shop", ""), statement: undefined });
  for (const untouched of [
    row("CORP\\anna.meier", statementOf(1)),
    { ...row("billing_app", statementOf(1)), action_id: "LGIS" },
    { ...row("billing_app", statementOf(1)), sequence_number: 2 },
    row("billing_app", "x".repeat(4_000)),
  ]) {
    expect(prepared.prepare(untouched)).toBe(untouched);
  }
});
