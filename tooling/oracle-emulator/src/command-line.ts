/** The command line, parsed once into settings that are known to be right. */
import { ConfigurationError } from "@das/core";
import { Command, InvalidArgumentError, Option } from "commander";
import type { IntervalUnit, PartitionInterval } from "./model/audit-table.ts";
import { isReleaseName, type ReleaseName, VERSION_PROFILES } from "./version-profiles.ts";
import type { TlsMode } from "./wire-server.ts";

export interface CommandLine {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly caFile: string | undefined;
  readonly user: string;
  /** Undefined: a random one is made and printed. */
  readonly password: string | undefined;
  readonly release: ReleaseName;
  /** DB_NAME. */
  readonly databaseName: string;
  /** DB_UNIQUE_NAME. */
  readonly uniqueName: string;
  readonly pluggables: readonly string[];
  readonly rate: number;
  readonly seed: number;
  readonly preload: number;
  /** Milliseconds. */
  readonly preloadSpan: number;
  /** Undefined: the release's own. */
  readonly partitionInterval: PartitionInterval | undefined;
  /** Milliseconds between stamp and commit. */
  readonly commitDelay: number;
  readonly json: boolean;
  readonly control: boolean;
}

const EXAMPLES = `
Examples:
  $ oracle-emulator                                      an Oracle 19c on 127.0.0.1:11521, 100 audited actions a second
  $ oracle-emulator --rate 0 --preload 1000000           a backlog of a million rows and then silence
  $ oracle-emulator --tls off --release 12.2             an old server, without a certificate
  $ oracle-emulator --release 23ai --pdb SALES --pdb HR  a container database; the activity is in SALES

A test tool: it answers on this machine only, keeps everything in memory and executes nothing that it is sent.
`;

/** The first release that has container databases only. */
const ONLY_CONTAINER_DATABASES = 21;

/**
 * @param readVariable gives a variable of the environment
 * @throws ConfigurationError; CommanderError for a wrong option, or, with exit code 0, when help was shown
 */
export function parseCommandLine(
  argv: readonly string[],
  readVariable: (name: string) => string | undefined,
): CommandLine {
  const command = new Command("oracle-emulator")
    .description(
      "An Oracle database for tests and demonstrations: a TNS server with a living audit trail behind UNIFIED_AUDIT_TRAIL.",
    )
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .addHelpText("after", EXAMPLES);

  command
    .optionsGroup("Connection:")
    .option("--port <number>", "where it listens; 0 takes any free port", integer(0, 65_535), 11_521)
    .option("--host <address>", "address that it listens on", "127.0.0.1")
    .addOption(
      new Option("--tls <mode>", "off: no certificate; on: TCP and TCPS on one port; required: TCPS only")
        .choices(["off", "on", "required"])
        .default("on"),
    )
    .option("--ca-file <path>", "write the certificate authority, which clients are to trust, into this file")
    .option("--user <name>", "the reader's user", "das_reader")
    .option(
      "--password-env <variable>",
      "take its password from this environment variable (otherwise one is made up and printed)",
    );
  command
    .optionsGroup("Server:")
    .addOption(
      new Option("--release <release>", "what it claims to be; decides the columns")
        .choices(Object.keys(VERSION_PROFILES))
        .default("19c"),
    )
    .option("--database-name <name>", "DB_NAME, and the name of the service", databaseName, "ORCL")
    .option("--db-unique-name <name>", "DB_UNIQUE_NAME; the database's name unless given", databaseName)
    .option(
      "--pdb <name>",
      "a pluggable database, with a service of its name; repeatable (none up to 19c, ORCLPDB1 from 21c on)",
      (name: string, names: readonly string[] | undefined) => [...(names ?? []), databaseName(name)],
    );
  command
    .optionsGroup("Activity:")
    .option("--rate <number>", "audited actions a second", number, 100)
    .option("--seed <number>", "the same seed gives the same activity", integer(0, 0xffff_ffff), 1)
    .option("--preload <rows>", "rows that are there from the start", integer(0, 20_000_000), 0)
    .addOption(parsed("--preload-span <duration>", "over how long before the start they are spread", duration, "1h"));
  command
    .optionsGroup("Audit:")
    .option("--partition-interval <interval>", "of AUD$UNIFIED, like 1h; the release's own unless given", interval)
    .addOption(parsed("--commit-delay <duration>", "how long after its time stamp a row can be seen", duration, "0ms"));
  command
    .optionsGroup("For programs:")
    .option("--json", "print one line of JSON with everything that is needed to connect")
    .addOption(
      new Option(
        "--control <channel>",
        "take commands as lines of JSON: stats, rate, append, load, clean, stop-workload",
      ).choices(["stdio"]),
    );

  command.parse([...argv], { from: "user" });
  const options = command.opts();
  const release: string = options.release;
  if (!isReleaseName(release)) throw new Error(`release ${release}`);
  const variable: string | undefined = options.passwordEnv;
  const password = variable === undefined ? undefined : readVariable(variable);
  if (variable !== undefined && !password) {
    throw new ConfigurationError({
      who: "oracle-emulator",
      what: `--password-env names ${variable}, which is not set`,
      remedy: "Set the variable, or leave the option out to have a password made up",
      code: "password-missing",
    });
  }
  const usual = VERSION_PROFILES[release].major >= ONLY_CONTAINER_DATABASES ? ["ORCLPDB1"] : [];
  return {
    host: options.host,
    port: options.port,
    tls: options.tls,
    caFile: options.caFile,
    user: options.user,
    password,
    release,
    databaseName: options.databaseName,
    uniqueName: options.dbUniqueName ?? options.databaseName,
    pluggables: options.pdb ?? usual,
    rate: options.rate,
    seed: options.seed,
    preload: options.preload,
    preloadSpan: options.preloadSpan,
    partitionInterval: options.partitionInterval,
    commitDelay: options.commitDelay,
    json: options.json === true,
    control: options.control === "stdio",
  };
}

/** An option whose default is shown as a person would write it. */
function parsed(flags: string, description: string, parse: (text: string) => number, preset: string): Option {
  return new Option(flags, description).argParser(parse).default(parse(preset), preset);
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`A whole number from ${least} to ${most} is wanted.`);
    }
    return value;
  };
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("A number of at least 0 is wanted.");
  return value;
}

/** In upper case, as Oracle keeps what is not quoted. */
function databaseName(text: string): string {
  if (!/^[a-z][a-z0-9_#$]{0,29}$/i.test(text)) {
    throw new InvalidArgumentError(
      "A name of up to 30 letters, digits, _, # and $, beginning with a letter, is wanted.",
    );
  }
  return text.toUpperCase();
}

const UNITS: Readonly<Record<string, IntervalUnit>> = { s: "SECOND", m: "MINUTE", h: "HOUR", d: "DAY" };

function interval(text: string): PartitionInterval {
  const [, digits = "", letter = ""] = /^([1-9]\d{0,5}) ?(s|m|h|d)$/.exec(text) ?? [];
  const unit = UNITS[letter];
  if (unit === undefined) throw new InvalidArgumentError("An interval like 30s, 5m, 1h or 1d is wanted.");
  return { number: Number(digits), unit };
}

const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+) ?(ms|s|m|h)$/.exec(text) ?? [];
  if (digits === "") throw new InvalidArgumentError("A duration like 500ms, 30s or 6h is wanted.");
  return Number(digits) * (DURATIONS[unit] ?? 0);
}
