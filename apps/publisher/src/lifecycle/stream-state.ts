import { z } from "zod";
import { fromTagText, toTagText } from "./tag-text.ts";

/** ActivityStreamStatus, in RDS's words. */
const STREAM_STATUSES = ["stopped", "starting", "started", "stopping"] as const;

/** ActivityStreamPolicyStatus, in RDS's words. */
const POLICY_STATUSES = ["locked", "unlocking-policy", "unlocked", "locking-policy"] as const;

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/** As events write times (wire format §§5.2, 6.2). */
const utcTime = z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6,7}\+00$/);

/** What the tags of a stream say of its life (architecture §7), by the tag's key without its prefix. */
const stateSchema = z.object({
  /** One more with every start; records of another generation do not count. */
  generation: wholeNumber,
  /** One more with every change. */
  revision: wholeNumber,
  /** A random name of whoever made the change: two that change at once see whose change it was. */
  writer: z.string().min(1),
  status: z.enum(STREAM_STATUSES),
  /** Streams of database instances are asynchronous, and nothing else. */
  mode: z.literal("async"),
  policy: z.enum(POLICY_STATUSES),
  "native-audit-fields": z.enum(["true", "false", "empty"]),
  "kms-key-id": z.string().min(1),
  /** Where a source begins that was never published: `oldest`, or a moment by the clock of the database. */
  "start-at": z.union([z.literal("oldest"), utcTime]),
  /** When this generation was started, by the clock of the database. */
  "started-at": utcTime,
  /** The last start, stop or modify: when, by the clock of the database, and by which of its users. */
  "changed-at": utcTime,
  "changed-by": z.string().min(1),
  /** The stop of the generation before: no publisher may have been there to tell it. */
  "stopped-at": utcTime.optional(),
  "stopped-by": z.string().min(1).optional(),
});

export type StreamState = Readonly<z.infer<typeof stateSchema>>;

/** Kinesis documents no colon for the keys of a stream's tags. */
const PREFIX = "das-";

export type ParsedState =
  | { readonly kind: "state"; readonly state: StreamState }
  /** Nothing was ever started on this stream. */
  | { readonly kind: "none" }
  /** Somebody else wrote these tags, or changed ours. */
  | { readonly kind: "foreign"; readonly problems: readonly string[] };

export function tagsOf(state: StreamState): Record<string, string> {
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [`${PREFIX}${key}`, toTagText(String(value))]));
}

export function stateOf(tags: ReadonlyMap<string, string>): ParsedState {
  const ours = [...tags].filter(([key]) => key.startsWith(PREFIX));
  if (ours.length === 0) return { kind: "none" };
  const texts = Object.fromEntries(ours.map(([key, text]) => [key.slice(PREFIX.length), fromTagText(text)]));
  const { success, data, error } = stateSchema.safeParse(texts);
  if (success) return { kind: "state", state: data };
  const keys = new Set(error.issues.map(({ path }) => path.join(".")));
  return { kind: "foreign", problems: [...keys].map((key) => `the tag ${PREFIX}${key} is not what das writes`) };
}
