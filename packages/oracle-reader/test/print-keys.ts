/** Prints the keys of a trail as JSON: a process of its own has a time zone of its own. */
import { silentLogger, systemClock } from "@das/core";
import { ConnectedServer } from "../src/connected-server.ts";

const target = JSON.parse(process.argv[2] ?? "{}");
const { signal } = new AbortController();
const server = await ConnectedServer.open(
  {
    connection: { instanceId: "a", tls: "off", ...target },
    serverHost: undefined,
    resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    nativeAuditFields: true,
    clock: systemClock,
    logger: silentLogger,
  },
  signal,
);
const slice = { from: "2000-01-01 00:00:00.000000+00", to: "2100-01-01 00:00:00.000000+00" };
const keys: unknown[] = [];
await server.readKeys(
  "table",
  slice,
  (rows) => {
    keys.push(...rows);
  },
  signal,
);
await server[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify(keys));
