import { ENGINE_TRAITS, systemClock, utcTimeOf } from "@das/core";
import { openAwsClients } from "../aws/clients.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { demandConnection, openReader, placeOfInstance } from "../engines/open-reader.ts";
import { environment } from "../env.ts";
import { openLog } from "../log.ts";
import { openNotifier } from "../notify/open-notifier.ts";
import { runPublisher } from "../publisher.ts";
import type { RunOptions } from "./options.ts";
import { stopOnSignals } from "./stop-signals.ts";

/** `das run`. @returns the exit code. @throws ConfigurationError, RefusedError */
export async function runCommand(options: RunOptions): Promise<number> {
  const configuration = loadConfiguration(options.config);
  const logger = openLog(options.logLevel, { resource: configuration.resource.id, instance: options.instance });
  const { fractionDigits } = ENGINE_TRAITS[configuration.resource.engine];
  const resumeFrom = options.resumeFrom && { time: utcTimeOf(options.resumeFrom.getTime(), fractionDigits) };
  demandConnection(configuration, placeOfInstance(configuration, options.instance), environment);
  using aws = openAwsClients(configuration.stream.region);
  using stopping = stopOnSignals((signal) => logger.info({ signal }, "stopping: flushing what was read"));
  const common = { clock: systemClock, random: Math.random, logger };
  await using notifier = await openNotifier(configuration, options.instance, environment, { stopping, ...common });
  const complete = await runPublisher(
    {
      configuration,
      instanceId: options.instance,
      openReader: (settings) => openReader(configuration, options.instance, environment, { logger, ...settings }),
      aws,
      createStream: options.createStream,
      ...(resumeFrom && { resumeFrom }),
      notifier,
      ...common,
    },
    stopping,
  );
  return complete ? 0 : 1;
}
