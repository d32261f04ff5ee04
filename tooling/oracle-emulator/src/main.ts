#!/usr/bin/env node
/** The command `oracle-emulator`. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { DasError, systemClock } from "@das/core";
import { CommanderError } from "commander";
import { announce, announcementText } from "./announcement.ts";
import { parseCommandLine } from "./command-line.ts";
import { obey } from "./control.ts";
import { provisionedPolicies } from "./default-policies.ts";
import { readEnvironment } from "./env.ts";
import { createWorld } from "./model/create-world.ts";
import { type OracleEmulator, startOracleEmulator } from "./server.ts";
import { VERSION_PROFILES } from "./version-profiles.ts";
import { preloadWorkload, type RunningWorkload, runWorkload } from "./workload/run-workload.ts";
import { createWorkload } from "./workload/workload.ts";

process.exitCode = await main().catch((error: unknown) => {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  process.stderr.write(`${explain(error)}\n`);
  return 1;
});

function explain(error: unknown): string {
  if (error instanceof DasError) return error.message;
  if (error instanceof CommanderError) return error.message.replace("error: ", "oracle-emulator: ");
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE" && "port" in error) {
    return `oracle-emulator: port ${error.port} is in use. Stop what listens there, or choose another one with --port.`;
  }
  return `oracle-emulator: ${error}`;
}

async function main(): Promise<number> {
  const settings = parseCommandLine(process.argv.slice(2), readEnvironment);
  const stop = new AbortController();
  const stopped = once(stop.signal, "abort");
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const { release, uniqueName, databaseName, pluggables, partitionInterval, commitDelay } = settings;
  const now = systemClock.now();
  const begun = createWorld(
    {
      release,
      databaseName,
      pluggables,
      primary: { uniqueName },
      ...(partitionInterval && { partitionInterval }),
      ...provisionedPolicies(settings.user, VERSION_PROFILES[release]),
    },
    settings.preload > 0 ? now - settings.preloadSpan : now,
  );
  const workload = createWorkload({ seed: settings.seed, profile: VERSION_PROFILES[release] });
  const world = preloadWorkload(begun, workload, settings.preload, settings.preloadSpan, now);
  await using emulator = await startOracleEmulator({
    ...(settings.password !== undefined && { password: settings.password }),
    host: settings.host,
    port: settings.port,
    tls: settings.tls,
    user: settings.user,
    world,
  });
  const caFile = settings.caFile === undefined ? undefined : resolve(settings.caFile);
  if (caFile !== undefined && emulator.ca !== undefined) await writeFile(caFile, emulator.ca);

  const facts = announce(emulator, settings.tls, emulator.ca === undefined ? undefined : caFile);
  const activity = `${settings.rate} audited actions a second${settings.preload > 0 ? `, ${settings.preload} rows to begin with` : ""}`;
  process.stdout.write(
    settings.json || settings.control ? `${JSON.stringify(facts)}\n` : announcementText(facts, activity),
  );

  const running = runWorkload(emulator, workload, settings.rate, systemClock, {}, { commitDelay });
  if (settings.control) await control(emulator, running, stop.signal);
  else await stopped;
  await running.stop();
  return 0;
}

/** Ends with the signal, or when the parent closes the pipe: nobody is left then to stop the child. */
async function control(emulator: OracleEmulator, workload: RunningWorkload, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin, signal });
  for await (const line of lines) process.stdout.write(`${JSON.stringify(await obey(line, emulator, workload))}\n`);
  process.stdin.destroy();
}
