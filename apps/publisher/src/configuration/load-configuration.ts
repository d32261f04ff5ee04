import { readFileSync } from "node:fs";
import { ConfigurationError } from "@das/core";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type Configuration, oracleConfigurationSchema, sqlServerConfigurationSchema } from "./schema.ts";

/**
 * Reads and checks a configuration file.
 * @throws ConfigurationError that lists every problem with its line and its path
 */
export function loadConfiguration(path: string): Configuration {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigurationError({
      who: "das",
      what: `the configuration file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
      remedy: "Give the path of a readable file with --config",
      code: "configuration-unreadable",
      cause: error,
    });
  }
  return parseConfiguration(text, path);
}

/** @param name of the file, for messages. @throws ConfigurationError */
export function parseConfiguration(text: string, name: string): Configuration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const lineOf = (offset: number | undefined) => (offset === undefined ? "" : `:${lines.linePos(offset).line}`);
  if (document.errors.length > 0) {
    // The parser's own messages quote the file, which may hold a secret that stands in the wrong place.
    throw invalid(document.errors.map((error) => `${name}${lineOf(error.pos[0])}: ${error.code} (not valid YAML)`));
  }
  const value: unknown = document.toJS();
  const engine = document.getIn(["resource", "engine"]);
  const schema: z.ZodType<Configuration> =
    engine === "oracle" ? oracleConfigurationSchema : sqlServerConfigurationSchema;
  const result = schema.safeParse(value, { reportInput: false });
  if (result.success) return result.data;
  throw invalid(
    result.error.issues.flatMap((issue) =>
      problemsOf(issue).map(({ path, problem }) => {
        const node = closestNode(document, path);
        return `${name}${lineOf(node)}: ${formatPath(path)}: ${problem}`;
      }),
    ),
  );
}

function problemsOf(issue: z.core.$ZodIssue): { readonly path: PropertyKey[]; readonly problem: string }[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...issue.path, key], problem: "is not a setting" }));
  }
  if (issue.path.join(".") === "resource.engine") return [{ path: issue.path, problem: "must be sqlserver or oracle" }];
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
    return [{ path: issue.path, problem: "is missing" }];
  }
  return [{ path: issue.path, problem: issue.message.replace(/^Invalid (input|option): /, "") }];
}

/** Where in the file the innermost part of a path begins that is there. */
function closestNode(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined;
    if (node?.range) return node.range[0];
  }
  return undefined;
}

/** `instances[0].password` */
function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index > 0 ? "." : ""}${String(key)}`))
    .join("");
}

function invalid(problems: readonly string[]): ConfigurationError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new ConfigurationError({
    who: "das",
    what: `the configuration has ${count}`,
    details: problems,
    remedy: "Correct the file; docs/configuration.md explains every setting",
    code: "configuration-invalid",
  });
}
