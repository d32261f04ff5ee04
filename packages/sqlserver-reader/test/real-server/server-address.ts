import mssql from "mssql";
import type { ConnectionOptions } from "../../src/index.ts";

/** Where a real server is, and who may administer it. */
export type ServerAddress = Pick<
  ConnectionOptions,
  "host" | "port" | "user" | "password" | "tls" | "trustServerCertificate"
>;

/**
 * Reads `Server=…;User Id=…;Password=…;Encrypt=…;TrustServerCertificate=…` with the driver's own parser, or a
 * `mssql://user:password@host:port?encrypt=…&trustServerCertificate=…` URL, which that parser does not know.
 * @throws when something is missing; the message never has the text itself, which holds a password.
 */
export function parseServerAddress(text: string): ServerAddress {
  return /^mssql:\/\//i.test(text) ? fromUrl(text) : fromAdoString(text);
}

function fromUrl(text: string): ServerAddress {
  if (!URL.canParse(text)) throw new Error("DAS_TEST_SQLSERVER is not a valid mssql:// URL");
  const url = new URL(text);
  const options = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value.toLowerCase()]));
  return complete({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? undefined : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    encrypt: options.get("encrypt"),
    trust: options.get("trustservercertificate") === "true",
  });
}

interface ParsedByDriver {
  readonly server?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly options?: {
    readonly encrypt?: boolean;
    readonly trustServerCertificate?: boolean;
    readonly instanceName?: string;
  };
}

function fromAdoString(text: string): ServerAddress {
  const parsed = mssql.ConnectionPool.parseConnectionString(text) as unknown as ParsedByDriver;
  if (parsed.options?.instanceName) {
    throw new Error("DAS_TEST_SQLSERVER names an instance; the reader wants its port: Server=host,port");
  }
  // The parser takes "strict" for true.
  const isStrict = /(?:^|;)\s*encrypt\s*=\s*strict\s*(?:;|$)/i.test(text);
  return complete({
    host: parsed.server ?? "",
    port: parsed.port,
    user: parsed.user ?? "",
    password: parsed.password ?? "",
    encrypt: isStrict ? "strict" : String(parsed.options?.encrypt ?? true),
    trust: parsed.options?.trustServerCertificate ?? false,
  });
}

interface Parts {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string;
  readonly password: string;
  readonly encrypt: string | undefined;
  readonly trust: boolean;
}

function complete({ host, port = 1433, user, password, encrypt, trust }: Parts): ServerAddress {
  const missing = Object.entries({ server: host, user, password }).filter(([, value]) => value === "");
  if (missing.length > 0) {
    throw new Error(`DAS_TEST_SQLSERVER has no ${missing.map(([name]) => name).join(", no ")}`);
  }
  const tls = encrypt === "strict" ? "strict" : encrypt === "false" || encrypt === "no" ? "off" : "required";
  return { host, port, user, password, tls, trustServerCertificate: trust };
}
