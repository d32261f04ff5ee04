import { readFileSync } from "node:fs";
import { ConfigurationError } from "@das/core";
import type { SecretReference } from "./schema.ts";

/**
 * The secret that a setting refers to.
 * @param setting its path in the configuration, for messages
 * @throws ConfigurationError when the variable or file is missing or empty; never quotes a secret
 */
export function readSecret(
  reference: SecretReference,
  setting: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const secret = "env" in reference ? environment[reference.env] : readSecretFile(reference.file, setting);
  if (secret) return secret;
  const place = "env" in reference ? `the environment variable ${reference.env}` : `the file ${reference.file}`;
  throw new ConfigurationError({
    who: "das",
    what: `${setting}: ${place} is not set or empty`,
    remedy: "Put the secret there, or name another place in the configuration",
    code: "secret-missing",
  });
}

function readSecretFile(path: string, setting: string): string {
  try {
    // Files that hold one secret usually end with a line break that is not part of it.
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new ConfigurationError({
      who: "das",
      what: `${setting}: the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
      remedy: "Check the path and that this process may read it",
      code: "secret-missing",
      cause: error,
    });
  }
}
