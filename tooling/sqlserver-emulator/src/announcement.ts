/** What a person, or a program, has to know to connect. */
import type { SqlServerEmulator } from "./server.ts";

export interface Announcement {
  readonly engine: "sqlserver";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Who may start, stop and modify. */
  readonly administrator: { readonly user: string; readonly password: string };
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
    administrator: { user: "sa", password: emulator.password },
    tls,
    caFile: caFile ?? null,
    version: emulator.profile.version,
    instanceName: emulator.instance.serverName,
    audits: emulator.trail.audits.map(({ name, guid, directory }) => ({ name, guid, directory })),
  };
}

const TLS_TEXTS: Readonly<Record<string, string>> = {
  off: "none",
  on: "for whoever wants it",
  required: "required",
  strict: "TDS 8 only",
};

export function announcementText(facts: Announcement, activity: string): string {
  const authority = facts.caFile ?? "not written; --ca-file PATH does it";
  return `
  SQL Server ${facts.version} (emulated) as ${facts.instanceName}, ${activity}

    host       ${facts.host}
    port       ${facts.port}
    user       ${facts.user}
    password   ${facts.password}
    for start  --admin-user ${facts.administrator.user}    # export DAS_ADMIN_PASSWORD='${facts.administrator.password}'
    TLS        ${TLS_TEXTS[facts.tls] ?? facts.tls}
    authority  ${facts.tls === "off" ? "none" : authority}

  For a das configuration:

${instanceYaml(facts)}
  Ctrl+C ends it.

`;
}

/** An instance as the publisher's configuration has it; the password is in the variable that it names. */
export function instanceYaml(facts: Announcement): string {
  const mode = facts.tls === "on" ? "required" : facts.tls;
  const trust = facts.caFile === null ? "trustServerCertificate: true" : `caFile: ${JSON.stringify(facts.caFile)}`;
  const lines = [
    "instances:",
    "  - id: a",
    `    host: ${facts.host}`,
    `    port: ${facts.port}`,
    `    user: ${JSON.stringify(facts.user)}`,
    "    password:",
    `      env: DAS_PASSWORD    # export DAS_PASSWORD='${facts.password}'`,
    "    tls:",
    `      mode: ${mode}`,
    ...(facts.tls === "off" ? [] : [`      ${trust}`]),
  ];
  return lines.map((line) => `    ${line}\n`).join("");
}
