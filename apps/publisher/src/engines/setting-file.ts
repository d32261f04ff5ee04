import { readFileSync } from "node:fs";
import { ConfigurationError } from "@das/core";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A file that a setting names. @throws ConfigurationError when it cannot be read */
export function readSettingFile(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigurationError({
      who: "das",
      what: `${setting}: the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
      remedy: "Check the path and that this process may read it",
      code: "certificate-unreadable",
      cause: error,
    });
  }
}
