/** What a person, or a program, has to know to connect. */
import type { SqlServerEmulator } from "./server.ts";

export interface Announcement {
  readonly engine: "sqlserver";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: string;
  readonly caFile: string | null;
  readonly version: string;
  readonly instanceName: string;
  readonly audits: readonly { readonly name: string; readonly guid: string; readonly directory: string }[];
}

export function announce(emulator: SqlServerEmulator, tls: string, caFile: string | undefined): Announcement {
  return {
    engine: "sqlserver",
    host: emulator.host,
    port: emulator.port,
    user: emulator.user,
    password: emulator.password,
    tls,
    caFile: caFile ?? null,
    version: emulator.profile.version,
    instanceName: emulator.instance.serverName,
    audits: emulator.trail.audits.map(({ name, guid, directory }) => ({ name, guid, directory })),
  };
}

export function announcementText(facts: Announcement, activity: string): string {
  const trust = facts.caFile === null ? "--ca-file PATH writes the authority to trust" : `trust ${facts.caFile}`;
  const tls = {
    off: "no TLS",
    on: "TLS for whoever wants it",
    required: "TLS required",
    strict: "TDS 8 (strict) only",
  }[facts.tls];
  return `
  SQL Server ${facts.version} (emulated) as ${facts.instanceName}, ${activity}

    host      ${facts.host}
    port      ${facts.port}
    user      ${facts.user}
    password  ${facts.password}
    TLS       ${tls}${facts.tls === "off" ? "" : `; ${trust}`}

  An instance of a das configuration:

${instanceYaml(facts)}
  Ctrl+C ends it.

`;
}

/** The names of the settings are those of the publisher's configuration. */
export function instanceYaml(facts: Announcement): string {
  const encrypt = facts.tls === "off" ? "false" : facts.tls === "strict" ? "strict" : "true";
  const lines = [
    "    - id: a",
    "      engine: sqlserver",
    `      host: ${facts.tls === "off" ? facts.host : "localhost"}`,
    `      port: ${facts.port}`,
    `      user: ${JSON.stringify(facts.user)}`,
    `      password: ${JSON.stringify(facts.password)}`,
    `      encrypt: ${encrypt}`,
    ...(facts.caFile === null ? [] : [`      caFile: ${JSON.stringify(facts.caFile)}`]),
  ];
  return `${lines.join("\n")}\n`;
}
