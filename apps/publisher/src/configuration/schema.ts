import { RESOURCE_ID_PATTERN } from "@das/core";
import { z } from "zod";
import { EVENT_BUS_PATTERN } from "../aws/policy/amazon-resource.ts";

/**
 * The configuration file: one for all instances of a resource. Strict: a key that is not known is an error, because a
 * misspelled setting would otherwise be silently without effect. The descriptions reach editors through the published
 * JSON Schema (`schema/das-configuration.schema.json`).
 */

const secret = z
  .union(
    [
      z.strictObject({ env: z.string().min(1).describe("Name of the environment variable that holds the secret") }),
      z.strictObject({
        file: z.string().min(1).describe("Path of the file that holds the secret, e.g. /run/secrets/…"),
      }),
    ],
    "must say where the secret is: env: NAME, or file: PATH",
  )
  .describe("Where the secret is found. It never stands in this file");

const instanceId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be 1 to 32 of a-z, 0-9 and -, beginning with a letter or digit")
  .describe("Short, chosen once: it is part of every source id on the stream, so renaming it starts a new source");

const instanceClass = z
  .string()
  .regex(/^(db\.)?[a-z][a-z0-9-]*\.[a-z0-9.]+$/, "must be an instance class such as db.r5.large or r5.large")
  .optional()
  .describe("RDS or EC2 instance class of the database's host: check compares it with those that RDS supports");

const certificate = {
  caFile: z.string().optional().describe("PEM file of the authority that signed the server's certificate"),
  serverName: z.string().optional().describe("The name in the server's certificate, when it is not host"),
};

const sqlServerInstance = z.strictObject({
  id: instanceId,
  host: z.string().min(1).describe("The instance itself, never a listener that may lead to another replica"),
  port: z.int().min(1).max(65_535).default(1433),
  user: z.string().min(1),
  password: secret,
  tls: z
    .strictObject({
      mode: z
        .enum(["required", "strict", "off"])
        .default("required")
        .describe("required: TLS inside TDS 7.4; strict: TDS 8; off: plain text, password included"),
      ...certificate,
      trustServerCertificate: z
        .boolean()
        .default(false)
        .describe("Accept any certificate: encrypted, but anybody may be at the other end"),
    })
    .prefault({}),
  serverHost: z.string().optional().describe("The instance's address in the events; default: what the server reports"),
  instanceClass,
  auditDirectory: z
    .string()
    .regex(/^([a-z]:\\|\\\\[^\\]+\\|\/).+$/i, "must be a full path on the database's host")
    .optional()
    .describe(
      "Folder on the database's host, of this instance alone, that the audits made by das start write to; default: D:\\das\\ or /var/opt/mssql/das/",
    ),
  sharedWith: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Server names of other instances, each with a publisher of its own, whose audits lie in the same folder: their rows are left to them",
    ),
});

const oracleInstance = z.strictObject({
  id: instanceId,
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(1521),
  service: z
    .string()
    .min(1)
    .describe("Service of the database or of its root, on this instance's own listener and there in every role"),
  containers: z.array(z.string().min(1)).default([]).describe("Services of the PDBs that are read besides the root"),
  user: z.string().min(1),
  password: secret,
  tls: z
    .strictObject({
      mode: z.enum(["required", "off"]).default("required").describe("required: TCPS; off: plain text"),
      caFile: certificate.caFile,
      certificateName: z
        .string()
        .optional()
        .describe("Distinguished name in the server's certificate, when host is not among its names: CN=db1,O=Example"),
      walletFile: z
        .string()
        .optional()
        .describe("ewallet.pem with authorities, and a key of ours where the server asks"),
      walletPassword: secret.optional(),
    })
    .prefault({}),
  serverHost: z.string().optional().describe("The instance's address in the events; default: what the server reports"),
  instanceClass,
  canary: z
    .boolean()
    .default(false)
    .describe("das_owner.das_canary is installed: its row proves every five minutes that auditing works"),
  purgeAfterHours: z
    .int()
    .min(24)
    .optional()
    .describe("Allow the database, through das_owner.das_advance, to purge what has been on the stream for so long"),
});

const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be an AWS region such as eu-central-1");

const stream = z.strictObject({
  region,
  kmsKeyId: z
    .string()
    .min(1)
    .describe("Key id, key ARN, alias name or alias ARN of a symmetric customer managed KMS key"),
  account: z
    .string()
    .regex(/^\d{12}$/, "must be the 12 digits of an AWS account id")
    .optional()
    .describe("The account that owns the stream; when set, credentials of any other account are refused"),
  shards: z.int().min(1).optional().describe("Provisioned shards of a new stream; default: on-demand capacity"),
  nativeAuditFields: z
    .union([z.boolean(), z.literal("empty")], "must be true, false or empty")
    .default(false)
    .describe("engineNativeAuditFields in each event: the engine's own columns, nothing, or an empty object"),
});

const publisher = z.strictObject({
  lanes: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe("Partition keys of each source, by session id. More than one gives up the order across sessions"),
  heartbeatSeconds: z.int().min(1).max(60).default(10),
  maxEventsPerRecord: z.int().min(1).max(10_000).default(500),
  recordTargetBytes: z
    .int()
    .min(512)
    .max(500_000)
    .default(8_192)
    .describe("Compressed size at which a record is closed. Some consumers cannot read more than 8192"),
  sealingThreads: z.int().min(1).max(16).default(1),
  startAt: z
    .enum(["oldest", "now"])
    .default("oldest")
    .describe("Where a source begins that was never published: every row that the trail holds, or what comes next"),
  hintDirectory: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder for a file that says how far each source was published. Only of use after an absence longer than the stream's retention",
    ),
  statePollSeconds: z
    .int()
    .min(1)
    .max(300)
    .default(30)
    .describe("How often the stream's tags are read, by which das start, stop and modify tell every publisher"),
  stopSeconds: z.int().min(1).max(600).default(20).describe("How long a stop waits until everything is on the stream"),
});

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const webhook = z.strictObject({
  url: z
    .string()
    .refine((text) => {
      const url = URL.parse(text);
      return url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
    }, "must be an https:// URL; http:// is for a receiver on this host only")
    .refine((text) => !URL.parse(text)?.password && !URL.parse(text)?.username, "must not hold a user or a password")
    .describe("Where notifications are posted as JSON"),
  secret: secret.optional().describe("Signs each notification (HMAC-SHA256), so that the receiver knows who sent it"),
  authorization: secret
    .optional()
    .describe("The whole value of the header Authorization, where the receiver asks for one"),
  caFile: z.string().optional().describe("PEM file of the authority that signed the receiver's certificate"),
});

const eventBridge = z
  .strictObject({
    bus: z
      .string()
      .regex(EVENT_BUS_PATTERN, "must be the name or the ARN of an event bus")
      .describe("Name or ARN of the event bus; default is the name of the one that every account has"),
    region: region.optional().describe("Region of a bus that is named; default: that of the stream"),
  })
  .refine(({ bus, region }) => region === undefined || !bus.startsWith("arn:"), {
    message: "is said by the ARN of the bus already",
    path: ["region"],
  });

const notify = z
  .strictObject({ webhook: webhook.optional(), eventBridge: eventBridge.optional() })
  .describe("Who is told besides the stream, at once, of what happens to the stream: start, stop, drift, loss, …");

const common = { stream, publisher: publisher.prefault({}), notify: notify.prefault({}) };

const resourceId = z
  .string()
  .regex(RESOURCE_ID_PATTERN, "must be db- and 26 of A-Z and 2-7")
  .describe("The id of the resource, for good: its stream is named after it");

function uniqueIds(instances: readonly { readonly id: string }[]): boolean {
  return new Set(instances.map(({ id }) => id)).size === instances.length;
}
const UNIQUE = "the ids of the instances must differ";

export const sqlServerConfigurationSchema = z.strictObject({
  resource: z.strictObject({ id: resourceId, engine: z.literal("sqlserver") }),
  ...common,
  instances: z.array(sqlServerInstance).min(1).refine(uniqueIds, UNIQUE),
});

export const oracleConfigurationSchema = z.strictObject({
  resource: z.strictObject({ id: resourceId, engine: z.literal("oracle") }),
  ...common,
  instances: z.array(oracleInstance).min(1).refine(uniqueIds, UNIQUE),
});

export type SqlServerConfiguration = z.infer<typeof sqlServerConfigurationSchema>;
export type OracleConfiguration = z.infer<typeof oracleConfigurationSchema>;
export type Configuration = SqlServerConfiguration | OracleConfiguration;
export type SecretReference = z.infer<typeof secret>;

/** For editors: `# yaml-language-server: $schema=…` at the head of the file. */
export function configurationJsonSchema(): object {
  return z.toJSONSchema(z.union([sqlServerConfigurationSchema, oracleConfigurationSchema]), { io: "input" });
}
