/** What a person, or a program, has to know to connect. */
import { primaryOf, rootOf } from "./model/world.ts";
import type { OracleEmulator } from "./server.ts";

export interface Announcement {
  readonly engine: "oracle";
  readonly host: string;
  readonly port: number;
  /** Of the database, or of its root. */
  readonly service: string;
  readonly user: string;
  readonly password: string;
  /** Who may start, stop and modify. */
  readonly administrator: { readonly user: string; readonly password: string };
  readonly tls: string;
  readonly caFile: string | null;
  readonly release: string;
  readonly uniqueName: string;
  readonly dbid: string;
  /** What is audited apart: the root and the pluggable databases, each with a service of its own name. */
  readonly containers: readonly { readonly name: string; readonly guid: string; readonly service: string }[];
}

export function announce(emulator: OracleEmulator, tls: string, caFile: string | undefined): Announcement {
  const { world } = emulator;
  const site = primaryOf(world);
  const root = rootOf(site).guid;
  return {
    engine: "oracle",
    host: emulator.host,
    port: emulator.port,
    service: world.databaseName,
    user: emulator.user,
    password: emulator.password,
    administrator: { user: "SYSTEM", password: emulator.administratorPassword },
    tls,
    caFile: caFile ?? null,
    release: emulator.profile.release,
    uniqueName: site.uniqueName,
    dbid: world.dbid,
    containers: site.containers.map(({ name, guid }) => ({
      name,
      guid,
      service: guid === root ? world.databaseName : name,
    })),
  };
}

const TLS_TEXTS: Readonly<Record<string, string>> = {
  off: "none",
  on: "for whoever wants it",
  required: "required",
};

export function announcementText(facts: Announcement, activity: string): string {
  const authority = facts.caFile ?? "not written; --ca-file PATH does it";
  return `
  Oracle ${facts.release} (emulated) as ${facts.uniqueName}, ${activity}

    host       ${facts.host}
    port       ${facts.port}
    services   ${facts.containers.map(({ service }) => service).join(", ")}
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
  const pluggables = facts.containers.slice(1).map(({ service }) => service);
  // Without the authority's file nothing can be checked, so plain text is all there is.
  const isSecure = facts.tls !== "off" && facts.caFile !== null;
  const lines = [
    "instances:",
    "  - id: a",
    `    host: ${facts.host}`,
    `    port: ${facts.port}`,
    `    service: ${facts.service}`,
    ...(pluggables.length === 0 ? [] : [`    containers: [${pluggables.join(", ")}]`]),
    `    user: ${JSON.stringify(facts.user)}`,
    "    password:",
    `      env: DAS_PASSWORD    # export DAS_PASSWORD='${facts.password}'`,
    "    tls:",
    `      mode: ${isSecure ? "required" : "off"}`,
    ...(isSecure ? [`      caFile: ${JSON.stringify(facts.caFile)}`] : []),
  ];
  return lines.map((line) => `    ${line}\n`).join("");
}
