import { silentLogger, type UtcTime, utcTime } from "@das/core";
import { describe, expect, test } from "vitest";
import type { AuditServer } from "./audit-server.ts";
import { PolicyWatch } from "./policy-watch.ts";
import type { OracleRow } from "./row.ts";

const COLUMNS = ["ACTION_NAME", "OBJECT_NAME", "RETURN_CODE", "DBUSERNAME"];
const trail = { columns: COLUMNS.map((name) => ({ name })) } as unknown as OracleRow["trail"];
const signal = new AbortController().signal;

const at = (second: number): UtcTime => utcTime(new Date(second * 1_000).toISOString().replace("T", " ").slice(0, 23));

/** A watch over a lock of which each look says whether it is there, at what second. */
class Scene {
  #isLocked = true;
  readonly #watch = new PolicyWatch("oracle:1:A", new Map(), silentLogger);

  /** A row that is read only now, of what was done at a second. */
  row(second: number, action: string, object: string): void {
    const values = [action, object, "0", action === "EXECUTE" ? "SYSTEM" : "MALLORY"];
    this.#watch.note({ trail, time: at(second), values } as unknown as OracleRow, "1");
  }

  async look(second: number, isLocked = this.#isLocked): Promise<readonly string[]> {
    this.#isLocked = isLocked;
    const state = { at: at(second), isLocked, recorded: "", drift: [], canHeal: false };
    const server = { observePolicy: async () => state } as unknown as AuditServer;
    const notices = await this.#watch.look(server, at(second), second * 1_000, signal);
    return notices.map(({ cause }) => cause);
  }
}

const UNLOCKED = "table DAS_STATE no longer says locked, and das_set_policy was not executed (UPDATE by MALLORY)";

describe("a lock that is gone", () => {
  test("is not told when the installed procedure was executed, whether its row comes before it shows or after", async () => {
    for (const isLate of [false, true]) {
      const scene = new Scene();
      await scene.look(10);
      if (!isLate) scene.row(12, "EXECUTE", "DAS_SET_POLICY");
      expect(await scene.look(16, false)).toEqual([]);
      if (isLate) scene.row(12, "EXECUTE", "DAS_SET_POLICY");
      expect([...(await scene.look(18)), ...(await scene.look(30)), ...(await scene.look(40))]).toEqual([]);
    }
  });

  test("is not excused by the row of the lock, which came after the lock had shown", async () => {
    const scene = new Scene();
    await scene.look(10, false);
    expect(await scene.look(16, true)).toEqual([]);
    scene.row(15, "EXECUTE", "DAS_SET_POLICY");
    await scene.look(17);
    scene.row(20, "UPDATE", "DAS_STATE");
    expect(await scene.look(22, false)).toEqual([UNLOCKED]);
  });

  test("is not excused by an execution that changed nothing, when it was long before", async () => {
    const scene = new Scene();
    await scene.look(10);
    scene.row(11, "EXECUTE", "DAS_SET_POLICY");
    await scene.look(12);
    await scene.look(72);
    scene.row(80, "UPDATE", "DAS_STATE");
    expect(await scene.look(82, false)).toEqual([UNLOCKED]);
  });
});
