import {
  type CheckFinding,
  type CheckReport,
  ConfigurationError,
  DasError,
  silentLogger,
  systemClock,
} from "@das/core";
import { checkAws } from "../aws/check/check-aws.ts";
import { ATTEMPTS_OF_A_LOOK, openAwsClients } from "../aws/clients.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import type { Configuration } from "../configuration/schema.ts";
import { openReader } from "../engines/open-reader.ts";
import { environment } from "../env.ts";
import { checkNotify } from "../notify/check-notify.ts";
import { judgeSupported } from "../supported/judge-supported.ts";
import { findReplicas } from "./check-replicas.ts";
import { checkText, countFindings } from "./check-text.ts";
import type { CheckOptions } from "./options.ts";

/** `das check`. @returns the exit code: 1 when there is a failure. @throws ConfigurationError, UnavailableError */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const configuration = loadConfiguration(options.config);
  const instances = instancesOf(configuration, options);
  const { id: resourceId, engine } = configuration.resource;
  using aws = openAwsClients(configuration.stream.region, {}, ATTEMPTS_OF_A_LOOK);
  const [ofInstances, ofAws, ofNotifier] = await Promise.all([
    options.allInstances ? checkEach(configuration, instances) : checkOne(configuration, instances),
    checkAws(configuration, aws, systemClock),
    checkNotify(configuration, environment, {
      sendsTest: options.notifyTest,
      instance: instances[0] ?? "",
      clock: systemClock,
    }),
  ]);
  const findings = [...ofInstances.flatMap(({ findings }) => findings), ...ofAws, ...ofNotifier];
  const counts = countFindings(findings);
  if (options.json) {
    const whose = options.allInstances ? { instances } : { instance: options.instance };
    const told = ofInstances.flatMap(({ instance, findings }) =>
      options.allInstances ? findings.map((finding) => ({ instance, ...finding })) : findings,
    );
    const report = { resourceId, engine, ...whose, ...counts, findings: [...told, ...ofAws, ...ofNotifier] };
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  } else {
    const sections = [
      ...ofInstances.map(({ instance, findings }) => ({
        title: `${engine} instance ${instance} of ${resourceId}`,
        findings,
      })),
      { title: `AWS in ${configuration.stream.region}`, findings: ofAws },
      ...(ofNotifier.length > 0 ? [{ title: "Notifications", findings: ofNotifier }] : []),
    ];
    process.stdout.write(
      checkText(sections, {
        verbose: options.verbose,
        color: Boolean(process.stdout.isTTY) && options.color && !environment.NO_COLOR,
        width: process.stdout.columns ?? 80,
      }),
    );
  }
  return counts.failures > 0 ? 1 : 0;
}

/** By id. @throws ConfigurationError when none is named */
function instancesOf({ instances }: Configuration, { instance, allInstances }: CheckOptions): readonly string[] {
  if (allInstances) return instances.map(({ id }) => id);
  if (instance !== undefined) return [instance];
  throw new ConfigurationError({
    who: "das check",
    what: "it is not said which instance to check",
    remedy: "Give --instance, or --all-instances",
    code: "instance-unnamed",
  });
}

interface CheckedInstance {
  readonly instance: string;
  readonly findings: readonly CheckFinding[];
}

async function checkOne(
  configuration: Configuration,
  instances: readonly string[],
): Promise<readonly CheckedInstance[]> {
  return Promise.all(instances.map((instance) => checkInstance(configuration, instance)));
}

/** One after the other; what cannot be checked is a finding, so that it does not hide the others. */
async function checkEach(
  configuration: Configuration,
  instances: readonly string[],
): Promise<readonly CheckedInstance[]> {
  const checked: CheckedInstance[] = [];
  for (const instance of instances) {
    try {
      checked.push(await checkInstance(configuration, instance));
    } catch (error) {
      if (!(error instanceof DasError)) throw error;
      checked.push({
        instance,
        findings: [
          {
            id: "configuration.instance",
            status: "failure",
            what: `instance ${instance} was not checked: ${error.what}`,
            why: "After a failover its audit is the one that counts",
            repair: error.remedy,
          },
        ],
      });
    }
  }
  return checked;
}

async function checkInstance(configuration: Configuration, instance: string): Promise<CheckedInstance> {
  const { replicas, findings } = findReplicas(configuration, instance, environment);
  await using reader = openReader(configuration, instance, environment, { logger: silentLogger, replicas });
  // A signal ends the process at once: nothing that a check does has to be undone.
  const report = await reader.check(new AbortController().signal);
  return { instance, findings: [...report.findings, ...findings, ...supportOf(configuration, instance, report)] };
}

/** For whoever says which instance class the host is of. */
function supportOf(
  { resource, stream, instances }: Configuration,
  instance: string,
  { server }: CheckReport,
): readonly CheckFinding[] {
  const { instanceClass } = instances.find(({ id }) => id === instance) ?? {};
  if (instanceClass === undefined) return [];
  return [judgeSupported({ engine: resource.engine, region: stream.region, instanceClass, server })];
}
