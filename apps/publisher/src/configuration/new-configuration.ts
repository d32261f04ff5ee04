import { type Engine, type ResourceId, streamNameOf } from "@das/core";

/** One instance of a new configuration. */
export interface NewInstance {
  readonly id: string;
  readonly host: string;
  /** undefined: the engine's own. */
  readonly port: number | undefined;
}

/** What has to be known to write a configuration. */
export interface NewConfiguration {
  readonly resourceId: ResourceId;
  readonly engine: Engine;
  readonly region: string;
  readonly kmsKeyId: string;
  readonly account: string | undefined;
  readonly nativeAuditFields: boolean;
  readonly instances: readonly NewInstance[];
  /** The reader's login. */
  readonly user: string;
  /** PEM file of the authority that signed the servers' certificates. */
  readonly caFile: string | undefined;
  /** Oracle: service of the root or of the database. */
  readonly service: string | undefined;
  /** Oracle: services of the PDBs that are read besides. */
  readonly containers: readonly string[];
}

/** RFC 4648, without padding: the alphabet of a resource id. */
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_LENGTH = 26;

/** An id that no other resource has. @param randomBytes of so many */
export function newResourceId(randomBytes: (count: number) => Uint8Array): ResourceId {
  // 32 divides 256, so every letter is as likely.
  return `db-${[...randomBytes(ID_LENGTH)].map((byte) => BASE32[byte % BASE32.length]).join("")}`;
}

/** The environment variable that holds the reader's password of an instance. */
export function passwordVariable({ id }: NewInstance): string {
  return `DAS_PASSWORD_${id.toUpperCase().replaceAll("-", "_")}`;
}

/** A configuration file with a comment for each decision that somebody took, or may still take. */
export function configurationText(configuration: NewConfiguration): string {
  const { resourceId, engine, region, kmsKeyId, account, nativeAuditFields, instances } = configuration;
  return `# Configuration of das. One file serves all instances of one database. docs/configuration.md explains every setting.

resource:
  # Chosen once, for good: the stream is named ${streamNameOf(resourceId)}, and every record is
  # bound to this id. Renaming a host or a database changes nothing.
  id: ${resourceId}
  engine: ${engine}

stream:
  region: ${scalar(region)}
  # A symmetric customer managed key. Its ARN, or an alias that das may follow.
  kmsKeyId: ${scalar(kmsKeyId)}
  # Credentials of any other account are refused.
  ${account === undefined ? '# account: "123456789012"' : `account: ${scalar(account)}`}
  # engineNativeAuditFields: the engine's own columns in each event. \`das start\` decides; this is its default.
  nativeAuditFields: ${nativeAuditFields}
  # Provisioned shards of a new stream. Without it capacity is on demand.
  # shards: 1

# publisher:
#   lanes: 1                # more than one shard's throughput, for order within sessions only
#   heartbeatSeconds: 10
#   statePollSeconds: 30    # how soon das start, stop and modify are noticed

# One publisher for each: das run --config … --instance <id>
instances:
${instances.map((instance, index) => instanceText(instance, index === 0, configuration)).join("")}`;
}

/** @param explain with comments; once is enough */
function instanceText(instance: NewInstance, explain: boolean, configuration: NewConfiguration): string {
  const { engine, user, caFile, service, containers } = configuration;
  const { id, host, port } = instance;
  const lines = [
    `  - id: ${scalar(id)}`,
    ...(explain ? ["    # The instance itself, never a listener that may lead to another."] : []),
    `    host: ${scalar(host)}`,
    ...(port === undefined ? [] : [`    port: ${port}`]),
    ...(engine === "oracle" ? oracleLines(explain, service, containers) : sqlServerLines(explain)),
    `    user: ${scalar(user)}`,
    "    password:",
    `      env: ${passwordVariable(instance)}${explain ? " # or file: /run/secrets/…" : ""}`,
    "    tls:",
    "      mode: required",
    ...(explain ? ["      # The authority that signed the server's certificate."] : []),
    caFile === undefined ? "      # caFile: /etc/das/ca.pem" : `      caFile: ${scalar(caFile)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function oracleLines(explain: boolean, service: string | undefined, containers: readonly string[]): readonly string[] {
  return [
    ...(explain ? ["    # On this host's own listener, and there in every role."] : []),
    `    service: ${scalar(service ?? "")}`,
    ...(explain ? ["    # Services of the PDBs that are read besides."] : []),
    `    containers: [${containers.map(scalar).join(", ")}]`,
  ];
}

function sqlServerLines(explain: boolean): readonly string[] {
  if (!explain) return [];
  return [
    "    # Folder on the database's host for the audit files, this instance's own. It must be there before das start.",
    "    # auditDirectory: 'D:\\das\\'",
  ];
}

const RESERVED = new Set(["true", "false", "null", "yes", "no", "on", "off", "y", "n"]);

/** Plain where that can mean nothing else; otherwise in JSON's quotes, which YAML shares. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z_/][\w./-]*$/.test(text) && !RESERVED.has(text.toLowerCase());
  return isPlain ? text : JSON.stringify(text);
}
