/** SQL Server notes §10.8 and §3: paths, and a file that is deleted while somebody reads it. */
import { Administrator, literal } from "../administrator.ts";
import type { RealServer } from "../real-server.ts";
import type { UnverifiedPoint } from "./unverified-point.ts";
import { either } from "./unverified-point.ts";

const baseName = (path: unknown) => String(path).split(/[\\/]/).at(-1)?.toLowerCase();

/** Names of everything in the audits' folder, as an administrator lists it. */
async function listing({ administrator, directory, description }: RealServer): Promise<readonly string[]> {
  if (description.majorVersion < 14) {
    const rows = await administrator.run(`EXEC master.sys.xp_dirtree ${literal(directory)}, 1, 1`);
    return rows.map(({ subdirectory }) => String(subdirectory));
  }
  const rows = await administrator.run(
    `SELECT file_or_directory_name AS name FROM sys.dm_os_enumerate_filesystem(${literal(directory)}, N'*.sqlaudit') WHERE level = 0`,
  );
  return rows.map(({ name }) => String(name));
}

export const FILE_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 8,
    question: "the spellings of one audit file (definition, status, row, listing)",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(1);
      const [place] = await audit.look();
      const [row = {}] = await server.administrator.run(`SELECT a.log_file_path, s.audit_file_path
FROM sys.server_file_audits AS a JOIN sys.dm_server_audit_status AS s ON s.audit_id = a.audit_id
WHERE a.name = ${literal(audit.name)}`);
      const listed = (await listing(server)).find((name) => baseName(name) === baseName(place?.path));
      return {
        says: [row.log_file_path, row.audit_file_path, place?.path, listed].map(String).join(" | "),
        // The reader goes by names without regard to case.
        copes: listed !== undefined && baseName(row.audit_file_path) === baseName(place?.path),
      };
    },
  },
  {
    section: 8,
    question: "a file that a reader has open is deleted by the rollover",
    settle: async (server) => {
      await using audit = await server.createAudit({ maxRolloverFiles: 1 });
      // More than what network and server hold back, so that the reader really stands in the middle of the file.
      await audit.appendLarge(1_500);
      const path = (await audit.look())[0]?.path ?? "";
      const reader = await server.reader();
      await using session = await Administrator.connect(reader.address);
      const held = await session.hold(`SELECT * FROM sys.fn_get_audit_file(${literal(path)}, NULL, NULL)`);
      try {
        for (let n = 0; n < 4; n += 1) await audit.toggle();
        const isThere = (await listing(server)).some((name) => baseName(name) === baseName(path));
        return either(isThere ? "no, it stays" : "yes");
      } finally {
        await held.release();
      }
    },
  },
];
