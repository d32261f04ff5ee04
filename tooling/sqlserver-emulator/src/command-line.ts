/** The command line, parsed once into settings that are known to be right. */
import { ConfigurationError } from "@das/core";
import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_AUDITS } from "./default-instance.ts";
import type { TlsMode } from "./server.ts";
import { isSqlServerVersion, type SqlServerVersion, VERSION_PROFILES } from "./version-profiles.ts";

export interface CommandLine {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly caFile: string | undefined;
  readonly user: string;
  /** Undefined: a random one is made and printed. */
  readonly password: string | undefined;
  readonly version: SqlServerVersion;
  readonly instanceName: string;
  readonly rate: number;
  readonly seed: number;
  readonly preload: number;
  /** Milliseconds. */
  readonly preloadSpan: number;
  readonly auditMaxSize: number;
  readonly auditMaxFiles: number;
  readonly auditDirectory: string;
  readonly queueDelay: number;
  readonly json: boolean;
  readonly control: boolean;
}

const EXAMPLES = `
Examples:
  $ sqlserver-emulator                                   a SQL Server 2022 on 127.0.0.1:11433, 100 audited actions a second
  $ sqlserver-emulator --rate 0 --preload 1000000        a backlog of a million rows and then silence
  $ sqlserver-emulator --tls off --sql-version 2016      an old server without a certificate
  $ sqlserver-emulator --tls strict --ca-file ca.pem     TDS 8 only; clients trust ca.pem

A test tool: it answers on this machine only, keeps everything in memory and executes nothing that it is sent.
`;

/**
 * @param readVariable gives a variable of the environment
 * @throws ConfigurationError; CommanderError for a wrong option, or, with exit code 0, when help was shown
 */
export function parseCommandLine(
  argv: readonly string[],
  readVariable: (name: string) => string | undefined,
): CommandLine {
  const command = new Command("sqlserver-emulator")
    .description(
      "A SQL Server for tests and demonstrations: a TDS server with a living audit trail behind sys.fn_get_audit_file.",
    )
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .addHelpText("after", EXAMPLES);

  command
    .optionsGroup("Connection:")
    .option("--port <number>", "where it listens; 0 takes any free port", integer(0, 65_535), 11_433)
    .option("--host <address>", "address that it listens on", "127.0.0.1")
    .addOption(
      new Option("--tls <mode>", "off: no certificate; on: for whoever wants it; required; strict: only TDS 8")
        .choices(["off", "on", "required", "strict"])
        .default("on"),
    )
    .option("--ca-file <path>", "write the certificate authority, which clients are to trust, into this file")
    .option("--user <name>", "the reader's login", "das")
    .option(
      "--password-env <variable>",
      "take its password from this environment variable (otherwise one is made up and printed)",
    );
  command
    .optionsGroup("Server:")
    .addOption(
      new Option("--sql-version <version>", "what it claims to be; decides the columns")
        .choices(Object.keys(VERSION_PROFILES))
        .default("2022"),
    )
    .option("--instance-name <name>", "HOST or HOST\\INSTANCE, as the rows show it", "SQLEMU01");
  command
    .optionsGroup("Activity:")
    .option("--rate <number>", "audited actions a second", number, 100)
    .option("--seed <number>", "the same seed gives the same activity", integer(0, 0xffff_ffff), 1)
    .option("--preload <rows>", "rows that are there from the start", integer(0, 20_000_000), 0)
    .addOption(parsed("--preload-span <duration>", "over how long before the start they are spread", duration, "1h"));
  command
    .optionsGroup("Audit:")
    .addOption(parsed("--audit-max-size <size>", "MAXSIZE of a file", size, "50MB"))
    .option("--audit-max-files <number>", "MAX_ROLLOVER_FILES", integer(0, 2_147_483_647), 200)
    .option("--audit-directory <path>", "FILEPATH", DEFAULT_AUDITS.directory)
    .addOption(
      parsed("--queue-delay <duration>", "QUEUE_DELAY: how long a row waits until it can be read", duration, "1s"),
    );
  command
    .optionsGroup("For programs:")
    .option("--json", "print one line of JSON with everything that is needed to connect")
    .addOption(
      new Option(
        "--control <channel>",
        "take commands as lines of JSON: stats, rate, append, rollover, stop-workload",
      ).choices(["stdio"]),
    );

  command.parse([...argv], { from: "user" });
  const options = command.opts();
  const version: string = options.sqlVersion;
  if (!isSqlServerVersion(version)) throw new Error(`version ${version}`);
  const variable: string | undefined = options.passwordEnv;
  const password = variable === undefined ? undefined : readVariable(variable);
  if (variable !== undefined && !password) {
    throw new ConfigurationError({
      who: "sqlserver-emulator",
      what: `--password-env names ${variable}, which is not set`,
      remedy: "Set the variable, or leave the option out to have a password made up",
      code: "password-missing",
    });
  }
  const directory: string = options.auditDirectory;
  return {
    host: options.host,
    port: options.port,
    tls: options.tls,
    caFile: options.caFile,
    user: options.user,
    password,
    version,
    instanceName: options.instanceName,
    rate: options.rate,
    seed: options.seed,
    preload: options.preload,
    preloadSpan: options.preloadSpan,
    auditMaxSize: options.auditMaxSize,
    auditMaxFiles: options.auditMaxFiles,
    auditDirectory: /[\\/]$/.test(directory) ? directory : directory + (directory.includes("/") ? "/" : "\\"),
    queueDelay: options.queueDelay,
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

const SIZES: Readonly<Record<string, number>> = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

function size(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+) ?(kb|mb|gb)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (SIZES[unit.toLowerCase()] ?? 0);
  if (bytes === 0) throw new InvalidArgumentError("A size like 50MB is wanted.");
  return bytes;
}

const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+) ?(ms|s|m|h)$/.exec(text) ?? [];
  if (digits === "") throw new InvalidArgumentError("A duration like 500ms, 30s or 6h is wanted.");
  return Number(digits) * (DURATIONS[unit] ?? 0);
}
