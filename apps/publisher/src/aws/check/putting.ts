import { type CheckFinding, checkTopic, publisherSourceId } from "@das/core";
import type { Configuration } from "../../configuration/schema.ts";
import { publishersText } from "../../lifecycle/silent-publishers.ts";
import type { Traffic } from "./traffic.ts";

/** The records by which publishers say that they live: each heartbeat of an instance bears this partition key. */
export function heartbeatKeys({ instances }: Configuration): readonly string[] {
  return instances.map(({ id }) => publisherSourceId(id));
}

/**
 * The right to put, of which only a record would be a trial, and whoever checks has no need of it: it is seen by what the
 * publishers have put. To be asked of a stream that is started.
 */
export function judgePutting({ heard, isWhole }: Traffic, configuration: Configuration): CheckFinding {
  const { ok, warning } = checkTopic(
    "stream.put",
    "That a publisher may put records shows in its heartbeats, not by trying: a record of a check would be traffic",
  );
  const instances = configuration.instances.map(({ id }) => id);
  const silent = instances.filter((id) => !heard.has(publisherSourceId(id)));
  if (silent.length === 0) {
    return ok(`${publishersText(instances)} may put records: heartbeats arrived in the last minute`);
  }
  const what = `no heartbeat of ${publishersText(silent)} was seen in the last minute`;
  if (!isWhole) return ok(`${what}, but only a part of the stream was looked at`);
  return warning(what, "Run das run for each instance: a right that is missing ends it, and its log says which");
}
