import { ConfigurationError, type ResourceId } from "@das/core";
import { loadConfiguration } from "../configuration/load-configuration.ts";

/** How a command that reads a stream is told which one. */
export interface TargetOptions {
  readonly config?: string;
  readonly resourceId?: string;
  readonly region?: string;
}

/** @throws ConfigurationError when neither a configuration nor a resource is named */
export function targetOf(
  command: string,
  options: TargetOptions,
): { readonly resourceId: ResourceId; readonly region: string | undefined } {
  const configuration = options.config === undefined ? undefined : loadConfiguration(options.config);
  const resourceId = options.resourceId ?? configuration?.resource.id;
  if (resourceId === undefined) {
    throw new ConfigurationError({
      who: command,
      what: "it is not said which stream to read",
      remedy: "Give --config, or --resource-id (and --region)",
      code: "stream-unnamed",
    });
  }
  return { resourceId, region: options.region ?? configuration?.stream.region };
}
