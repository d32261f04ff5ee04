/** SQL Server notes §10.11 and §10.12: how long things take, told and never judged, and the path check of a cluster. */

import { createRequire } from "node:module";
import { fromTheStart } from "@das/reader-conformance";
import { readUntil } from "../../read-until.ts";
import { either, type UnverifiedPoint } from "./unverified-point.ts";

export const COST_POINTS: readonly UnverifiedPoint[] = [
  ...[0, 1000].map(
    (queueDelay): UnverifiedPoint => ({
      section: 11,
      question: `with QUEUE_DELAY ${queueDelay}, from sp_audit_write to the reader's batch it takes`,
      settle: async (server) => {
        await using audit = await server.createAudit({ queueDelay });
        await using reader = audit.openReader();
        const controller = new AbortController();
        const taken: number[] = [];
        let sentAt: number | undefined;
        for await (const [source] of reader.sources(controller.signal)) {
          if (!source) throw new Error("the reader has no source");
          for await (const { rows } of source.read(fromTheStart, controller.signal)) {
            if (sentAt !== undefined && rows.length > 0) {
              taken.push(performance.now() - sentAt);
              sentAt = undefined;
            }
            if (taken.length >= 20) controller.abort();
            else if (sentAt === undefined && rows.length === 0) {
              sentAt = performance.now();
              await server.administrator.run(
                "EXEC sys.sp_audit_write @user_defined_event_id = 1, @succeeded = 1, @user_defined_information = N'latency'",
              );
            }
          }
        }
        const sorted = taken.toSorted((a, b) => a - b);
        return either(`${sorted[10]?.toFixed(0)} ms in the median, ${sorted.at(-1)?.toFixed(0)} ms at most`);
      },
    }),
  ),
  {
    section: 11,
    question: "sys.dm_io_cluster_shared_drives lists the drive of the audits",
    cannot: ({ description }) => (description.isClustered ? undefined : "needs a failover cluster instance"),
    settle: async ({ administrator, directory }) => {
      const rows = await administrator.run("SELECT DriveName FROM sys.dm_io_cluster_shared_drives");
      const drives = rows.map(({ DriveName: name }) => String(name).trim().toUpperCase());
      const isListed = drives.includes(directory.slice(0, 1).toUpperCase());
      return either(`${isListed ? "yes" : "no"} (${drives.join(", ") || "none"})`);
    },
  },
  {
    section: 12,
    question: "the reader reads a backlog of 20,000 rows in",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(20_000);
      const expected = audit.expectedMarkers();
      await using reader = audit.openReader();
      const controller = new AbortController();
      const begin = performance.now();
      let read = 0;
      for await (const [source] of reader.sources(controller.signal)) {
        if (!source) throw new Error("the reader has no source");
        for await (const { rows } of source.read(fromTheStart, controller.signal)) {
          read += rows.length;
          if (read >= expected.length) controller.abort();
        }
      }
      const seconds = (performance.now() - begin) / 1000;
      const { markers } = await readUntil(audit, undefined, expected.length);
      return {
        says: `${seconds.toFixed(2)} s, connecting included (${driverVersions()})`,
        copes: markers.join() === expected.join(),
      };
    },
  },
];

function driverVersions(): string {
  const require = createRequire(import.meta.url);
  const version = (of: NodeJS.Require, name: string) =>
    `${name} ${(of(`${name}/package.json`) as { version: string }).version}`;
  const ofDriver = createRequire(require.resolve("mssql"));
  return `${version(require, "mssql")}, ${version(ofDriver, "tedious")}, Node ${process.versions.node}`;
}
