import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { AccessControl } from "../access.ts";
import { notFound } from "../aws-error.ts";
import { text, timestamp } from "../input.ts";
import { type CallContext, operation, type Service } from "../operation.ts";
import type { EventBusStore } from "./event-bus-store.ts";

/** What the operations of EventBridge work with. */
interface EventsParts {
  readonly access: AccessControl;
  readonly buses: EventBusStore;
}

const busReference = text({
  pattern: "(arn:aws[\\w-]*:events:[a-z0-9-]+:\\d{12}:event-bus/)?[/\\.\\-_A-Za-z0-9]+",
  min: 1,
  max: 1600,
});

const entrySchema = z.object({
  Time: timestamp.optional(),
  Source: text().optional(),
  Resources: z.array(text({ max: 2048 })).optional(),
  DetailType: text().optional(),
  Detail: text().optional(),
  EventBusName: busReference.optional(),
});

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const putEventsSchema = z.object({ Entries: z.array(entrySchema).min(1).max(10) });
const describeEventBusSchema = z.object({ Name: busReference.optional() });

const DEFAULT_BUS = "default";

export function eventsService(parts: EventsParts): Service {
  return {
    target: "AWSEvents",
    operations: {
      DescribeEventBus: operation(describeEventBusSchema, ({ Name = DEFAULT_BUS }, { principal }) => {
        const arn = parts.buses.arnOf(Name, principal.accountId);
        parts.access.authorize(principal, "events:DescribeEventBus", arn);
        if (!parts.buses.has(arn)) throw notFound(`Event bus ${nameOf(arn)} does not exist.`);
        return { Name: nameOf(arn), Arn: arn };
      }),
      PutEvents: operation(putEventsSchema, ({ Entries }, context) => {
        // One entry that may not be put refuses the whole call.
        for (const { EventBusName = DEFAULT_BUS, Source = "", DetailType = "" } of Entries) {
          const arn = parts.buses.arnOf(EventBusName, context.principal.accountId);
          parts.access.authorize(context.principal, "events:PutEvents", arn, {
            context: { "events:source": Source, "events:detail-type": DetailType },
          });
        }
        const results = Entries.map((entry) => take(parts.buses, entry, context));
        return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
      }),
    },
    streamOf: () => undefined,
  };
}

type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
function take(buses: EventBusStore, entry: z.output<typeof entrySchema>, context: CallContext): EntryResult {
  const { Source, DetailType, Detail, EventBusName = DEFAULT_BUS } = entry;
  const refused = (ErrorCode: string, ErrorMessage: string): EntryResult => {
    context.tally.failedRecords += 1;
    return { ErrorCode, ErrorMessage };
  };
  const scripted = buses.nextFailure();
  if (scripted !== undefined) return refused(scripted, "Scripted by a test.");
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (!value) {
      return refused("InvalidArgument", `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  if (Source?.startsWith("aws.")) {
    return refused("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  const detail = parseObject(Detail ?? "");
  if (!detail) return refused("MalformedDetail", "Detail is malformed.");
  const id = randomUUID();
  const bus = buses.arnOf(EventBusName, context.principal.accountId);
  context.tally.records += 1;
  context.tally.bytes += Buffer.byteLength(Detail ?? "");
  // AWS answers the same for a bus that does not exist (aws/aws-sdk issue 186): what was sent is nowhere.
  if (buses.has(bus)) {
    const { Resources: resources = [], Time: time = context.now } = entry;
    buses.add({ id, bus, source: Source ?? "", detailType: DetailType ?? "", detail, resources, time });
  }
  return { EventId: id };
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(arn: string): string {
  return arn.slice(arn.indexOf("event-bus/") + "event-bus/".length);
}
