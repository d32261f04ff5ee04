import { type CheckFinding, silentLogger } from "@das/core";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { openReader } from "../engines/open-reader.ts";
import { environment } from "../env.ts";
import { findReplicas } from "./check-replicas.ts";
import { checkText, countFindings } from "./check-text.ts";
import type { CheckOptions } from "./options.ts";

/** `das check`. @returns the exit code: 1 when there is a failure. @throws ConfigurationError, UnavailableError */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const configuration = loadConfiguration(options.config);
  const { replicas, findings: unreadable } = findReplicas(configuration, options.instance, environment);
  await using reader = openReader(configuration, options.instance, environment, { logger: silentLogger, replicas });
  // A signal ends the process at once: nothing that a check does has to be undone.
  const { signal } = new AbortController();
  const findings: readonly CheckFinding[] = [
    ...(await reader.check(signal)).findings,
    ...unreadable,
    // Checks of AWS (credentials, key, stream, tags, clock) come here, each a list of findings as well.
  ];
  const counts = countFindings(findings);
  const resource = { resourceId: configuration.resource.id, engine: reader.engine, instance: options.instance };
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...resource, ...counts, findings }, undefined, 2)}\n`
      : checkText(`${resource.engine} instance ${resource.instance} of ${resource.resourceId}`, findings, {
          verbose: options.verbose,
          color: Boolean(process.stdout.isTTY) && options.color && !environment.NO_COLOR,
          width: process.stdout.columns ?? 80,
        }),
  );
  return counts.failures > 0 ? 1 : 0;
}
