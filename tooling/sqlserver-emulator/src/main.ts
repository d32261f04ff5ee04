#!/usr/bin/env node
/** The command `sqlserver-emulator`. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { DasError, systemClock } from "@das/core";
import { announce, announcementText } from "./announcement.ts";
import { parseCommandLine } from "./command-line.ts";
import { obey } from "./control.ts";
import { DEFAULT_AUDITS, defaultTrail } from "./default-instance.ts";
import { readEnvironment } from "./env.ts";
import { type SqlServerEmulator, startSqlServerEmulator } from "./server.ts";
import { VERSION_PROFILES } from "./version-profiles.ts";
import { preloadWorkload, type RunningWorkload, runWorkload } from "./workload/run-workload.ts";
import { createWorkload } from "./workload/workload.ts";

process.exitCode = await main().catch((error: unknown) => {
  const isPortTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const text = isPortTaken
    ? "sqlserver-emulator: the port is in use: stop what listens there, or choose another one with --port"
    : error instanceof DasError
      ? error.message
      : `sqlserver-emulator: ${error}`;
  process.stderr.write(`${text}\n`);
  return 1;
});

async function main(): Promise<number> {
  const settings = parseCommandLine(process.argv.slice(2), readEnvironment);
  const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const { version, instanceName, user } = settings;
  const workload = createWorkload({
    seed: settings.seed,
    profile: VERSION_PROFILES[version],
    serverInstanceName: instanceName,
  });
  const now = systemClock.now();
  const begun = defaultTrail(
    instanceName,
    {
      ...DEFAULT_AUDITS,
      directory: settings.auditDirectory,
      maxFileSize: settings.auditMaxSize,
      maxRolloverFiles: settings.auditMaxFiles,
      queueDelay: settings.queueDelay,
    },
    user,
    {},
    settings.preload > 0 ? now - settings.preloadSpan : now,
  );
  const trail = preloadWorkload(begun, workload, settings.preload, settings.preloadSpan, now);
  await using emulator = await startSqlServerEmulator({
    ...(settings.password !== undefined && { password: settings.password }),
    host: settings.host,
    port: settings.port,
    tls: settings.tls,
    version,
    user,
    instanceName,
    trail,
  });
  const caFile = settings.caFile === undefined ? undefined : resolve(settings.caFile);
  if (caFile !== undefined && emulator.ca !== undefined) await writeFile(caFile, emulator.ca);

  const facts = announce(emulator, settings.tls, emulator.ca === undefined ? undefined : caFile);
  const activity = `${settings.rate} audited actions a second${settings.preload > 0 ? `, ${settings.preload} rows to begin with` : ""}`;
  process.stdout.write(
    settings.json || settings.control ? `${JSON.stringify(facts)}\n` : announcementText(facts, activity),
  );

  const running = runWorkload(emulator, workload, settings.rate, systemClock);
  await (settings.control ? control(emulator, running, stopped) : stopped);
  await running.stop();
  return 0;
}

/** Ends with a signal, or when the parent closes the pipe: nobody is left then to stop the child. */
async function control(
  emulator: SqlServerEmulator,
  workload: RunningWorkload,
  stopped: Promise<unknown>,
): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const closed = stopped.then(() => lines.close());
  for await (const line of lines) process.stdout.write(`${JSON.stringify(await obey(line, emulator, workload))}\n`);
  process.stdin.destroy();
  await Promise.race([closed, Promise.resolve()]);
}
