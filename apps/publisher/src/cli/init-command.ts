import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { ConfigurationError, type Engine } from "@das/core";
import { namedKey } from "../aws/policy/amazon-resource.ts";
import { parseConfiguration } from "../configuration/load-configuration.ts";
import {
  configurationText,
  type NewConfiguration,
  type NewInstance,
  newResourceId,
  passwordVariable,
} from "../configuration/new-configuration.ts";
import {
  Answers,
  type Ask,
  NONE,
  parseAccountOrNone,
  parseEngine,
  parseInstances,
  parseNames,
  parseRegion,
  parseText,
  parseYes,
} from "./init-answers.ts";

export interface InitOptions {
  readonly output: string;
  readonly engine?: Engine;
  readonly region?: string;
  readonly kmsKeyId?: string;
  readonly account?: string;
  readonly instance?: readonly NewInstance[];
  readonly user?: string;
  readonly service?: string;
  readonly containers?: readonly string[];
  readonly caFile?: string;
  readonly engineNativeAuditFieldsIncluded?: boolean;
  readonly resourceId?: string;
}

/** `das init`. @returns the exit code. @throws ConfigurationError */
export async function initCommand(options: InitOptions): Promise<number> {
  // Before anything is asked: nobody should answer for nothing.
  if (existsSync(options.output)) throw exists(options.output);
  const isTerminal = Boolean(process.stdin.isTTY && process.stderr.isTTY);
  const terminal = isTerminal ? createInterface({ input: process.stdin, output: process.stderr }) : undefined;
  const leaving = new AbortController();
  terminal?.once("close", () => leaving.abort());
  let configuration: NewConfiguration;
  try {
    configuration = await completeConfiguration(
      options,
      terminal && ((question) => terminal.question(question, { signal: leaving.signal })),
      (text) => process.stderr.write(text),
    );
  } catch (error) {
    throw leaving.signal.aborted ? unanswered(error) : error;
  } finally {
    terminal?.close();
  }
  const text = configurationText(configuration);
  // What it refuses is told as for any other file.
  parseConfiguration(text, options.output);
  try {
    // Never over a file that came meanwhile.
    writeFileSync(options.output, text, { flag: "wx" });
  } catch (error) {
    throw exists(options.output, error);
  }
  process.stdout.write(nextSteps(options.output, configuration));
  return 0;
}

/** @throws ConfigurationError when something is missing and nobody can be asked */
export async function completeConfiguration(
  options: InitOptions,
  ask: Ask,
  say: (text: string) => void,
): Promise<NewConfiguration> {
  const answers = new Answers(ask, say);
  const engine = await answers.get(options.engine, {
    option: "--engine <engine>",
    text: "Engine (sqlserver or oracle)",
    parse: parseEngine,
  });
  const region = await answers.get(options.region, {
    option: "--region <region>",
    text: "AWS region of the stream and the key",
    parse: parseRegion,
  });
  const kmsKeyId = await answers.get(options.kmsKeyId, {
    option: "--kms-key-id <key>",
    text: "KMS key (ARN, id or alias of a symmetric customer managed key)",
    parse: parseText,
  });
  // Policies name the account, and only a key's ARN says it.
  const account =
    kmsKeyId === undefined || namedKey(kmsKeyId).account !== undefined
      ? options.account
      : await answers.get(options.account, {
          option: "--account <id>",
          text: "AWS account (12 digits; credentials of others are refused)",
          parse: parseAccountOrNone,
          fallback: NONE,
        });
  const instances = await answers.get(options.instance, {
    option: "--instance <[id=]host[:port]>",
    text: "Hosts of all instances, the primary first (sql-a.example.com, sql-b.example.com)",
    parse: parseInstances,
  });
  const isOracle = engine === "oracle";
  const service = isOracle
    ? await answers.get(options.service, {
        option: "--service <service>",
        text: "Service of the root or the database, on each host's own listener",
        parse: parseText,
      })
    : undefined;
  const containers = isOracle
    ? await answers.get(options.containers, {
        option: "--containers <services>",
        text: "Services of the PDBs that are read besides",
        parse: parseNames,
        fallback: "none",
      })
    : [];
  const user = await answers.get(options.user, {
    option: "--user <login>",
    text: "The reader's login, which das start creates",
    parse: parseText,
    fallback: isOracle ? "c##das_reader" : "rds_das_reader",
  });
  const caFile = await answers.get(options.caFile, {
    option: "--ca-file <file>",
    text: "PEM file of the authority that signed the servers' certificates",
    parse: parseText,
    fallback: NONE,
  });
  const nativeAuditFields = await answers.get(options.engineNativeAuditFieldsIncluded, {
    option: "--engine-native-audit-fields-included",
    text: "The engine's own columns in each event, too",
    parse: parseYes,
    fallback: "no",
  });
  answers.demandAll();
  return {
    resourceId: options.resourceId ?? newResourceId(randomBytes),
    engine,
    region,
    kmsKeyId,
    account: account === NONE ? undefined : account,
    nativeAuditFields,
    instances,
    user,
    caFile: caFile === NONE ? undefined : caFile,
    service,
    containers,
    // Nothing is missing any more.
  } as NewConfiguration;
}

/** The end of the input, or an interrupt, in the place of an answer. */
function unanswered(cause: unknown): ConfigurationError {
  return new ConfigurationError({
    who: "das init",
    what: "the questions were not all answered, and nothing was written",
    remedy: "Start again, or give the answers as options",
    code: "answers-missing",
    cause,
  });
}

function exists(path: string, cause?: unknown): ConfigurationError {
  const { code = "EEXIST" } = (cause ?? {}) as NodeJS.ErrnoException;
  const there = code === "EEXIST";
  return new ConfigurationError({
    who: "das init",
    what: there ? `the file ${path} exists` : `the file ${path} cannot be written (${code})`,
    remedy: there
      ? "Name another with --output: a resource id is for good, so none is overwritten"
      : "Name another with --output",
    code: "configuration-exists",
    cause,
  });
}

/** In the order of the README's walk-through. */
function nextSteps(path: string, { resourceId, instances, account, kmsKeyId }: NewConfiguration): string {
  const isAccountKnown = account !== undefined || namedKey(kmsKeyId).account !== undefined;
  const steps = [
    [
      `das iam-policy publisher${isAccountKnown ? "" : " --account …"}`,
      "what the publishers may do in AWS; operator, consumer",
    ],
    ["das grants --engine-version …", "what the reader may do in the database; start grants it"],
    ["das run --instance …", "on each host, for ever: it waits for the start"],
    ["das start --admin-user …", "once, on the primary; with --dry-run it only says what it would do"],
    ["das check --all-instances", "what is missing"],
  ] as const;
  const commands = steps.map(([command]) => `${command} --config ${path}`);
  const width = Math.max(...commands.map(({ length }) => length));
  return `Wrote ${path}: resource ${resourceId}, ${instances.length} instance${instances.length === 1 ? "" : "s"}.

Next
  1. Put the reader's passwords in ${instances.map(passwordVariable).join(", ")}.
${steps.map(([, what], index) => `  ${index + 2}. ${(commands[index] ?? "").padEnd(width)}   ${what}`).join("\n")}
`;
}
