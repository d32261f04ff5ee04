import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Cursor, type Logger, silentLogger, systemClock } from "@das/core";
import { describe, expect, test } from "vitest";
import { HintFile, type HintFileParts } from "./hint-file.ts";

const SOURCE = { id: "sqlserver:a:RDS_DAS_AUDIT", history: "h" };
/** Sleeps no longer than until the next turn. */
const hastyClock: Clock = { ...systemClock, now: () => 1_000, sleep: async () => undefined };

async function inDirectory(run: (parts: HintFileParts, told: string[]) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "das-hint-"));
  const told: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_, message) => told.push(message) };
  try {
    await run({ directory, instanceId: "a", resourceId: "db-A", generation: 1, clock: hastyClock, logger }, told);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe("the hint file", () => {
  test("keeps the last place of each source, also of those that nobody noted since", async () => {
    await inDirectory(async (parts, told) => {
      {
        await using hints = await HintFile.open(parts);
        hints.note({ ...SOURCE, id: "other" }, "r1" as Cursor);
        hints.note(SOURCE, "r1" as Cursor);
        hints.note(SOURCE, "r2" as Cursor);
      }
      {
        await using hints = await HintFile.open(parts);
        hints.note(SOURCE, "r3" as Cursor);
      }
      await using hints = await HintFile.open(parts);
      expect(hints.find(SOURCE.id)).toEqual({ cursor: "r3", history: "h", notedAt: 1_000 });
      expect(hints.find("other")).toEqual({ cursor: "r1", history: "h", notedAt: 1_000 });
      expect(told).toEqual([]);
      expect(await readdir(parts.directory)).toEqual(["db-A-a.json"]);
    });
  });

  test("says nothing of another generation, resource or instance", async () => {
    await inDirectory(async (parts) => {
      {
        await using hints = await HintFile.open(parts);
        hints.note(SOURCE, "r1" as Cursor);
      }
      for (const other of [{ generation: 2 }, { resourceId: "db-B" }, { instanceId: "b" }]) {
        await using hints = await HintFile.open({ ...parts, ...other });
        expect(hints.find(SOURCE.id)).toBeUndefined();
      }
    });
  });

  test.each(["", "{", "null", '{"sources":{}}', '{"resourceId":"db-A","generation":1,"sources":{"x":{"cursor":7}}}'])(
    "that holds %j is as good as none, and that is told",
    async (text) => {
      await inDirectory(async (parts, told) => {
        await writeFile(join(parts.directory, "db-A-a.json"), text);
        await using hints = await HintFile.open(parts);
        expect(hints.find(SOURCE.id)).toBeUndefined();
        expect(told).toEqual(["the hint file is damaged; publishing does not need it"]);
      });
    },
  );

  test("that cannot be written is told once, and nothing else happens", async () => {
    await inDirectory(async (parts, told) => {
      await using hints = await HintFile.open({ ...parts, directory: join(parts.directory, "missing") });
      for (const cursor of ["r1", "r2", "r3"]) {
        hints.note(SOURCE, cursor as Cursor);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(told).toEqual(["the hint file cannot be written; publishing does not need it"]);
    });
  });
});
