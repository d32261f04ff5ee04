import { type CheckFinding, checkTopic } from "@das/core";
import type { Answer } from "./answer.ts";
import { load, type ShardTraffic, type Traffic } from "./traffic.ts";

export interface CapacitySubject {
  readonly streamName: string;
  readonly onDemand: boolean;
  /** Setting `publisher.lanes`. */
  readonly lanes: number;
}

/** Of what a shard takes, the part from which on a busier minute is throttled. */
const NEAR = 0.8;

/** Reading is one right after the other: the first that is refused says which is missing. */
export function judgeReading(traffic: Answer<Traffic>): CheckFinding {
  const { ok, failure } = checkTopic("stream.read", "A publisher reads from its stream where to go on");
  return traffic.known
    ? ok("the records of the stream may be read")
    : failure(`the stream cannot be read: ${traffic.reason}`, traffic.remedy);
}

export function judgeCapacity({ openShards, shards }: Traffic, subject: CapacitySubject): CheckFinding {
  const { ok, warning } = checkTopic(
    "stream.capacity",
    "A shard takes 1 MB and 1,000 records a second: what is more waits in the database's audit trail, and comes later",
  );
  const busiest = shards.reduce<ShardTraffic | undefined>(
    (found, shard) => (found && load(found) >= load(shard) ? found : shard),
    undefined,
  );
  if (!busiest || busiest.records === 0) {
    return shards.some(({ wasThrottled }) => wasThrottled)
      ? warning(
          "what is put on the stream was not measured: its readers take all that the shards give",
          "Give readers that need much a throughput of their own (enhanced fan-out)",
        )
      : ok("nothing was put on the stream in the last minute");
  }
  const looked = shards.length < openShards ? ` of the ${shards.length} looked at` : "";
  const rate = `${kilobytes(busiest.bytes)} and ${busiest.records} records a second`;
  const what = `the busiest shard${looked} took up to ${rate} in the last minute, ${percent(load(busiest))} of what it takes`;
  return load(busiest) < NEAR ? ok(what) : warning(what, repairOf(busiest, openShards, subject));
}

function repairOf(busiest: ShardTraffic, openShards: number, { streamName, onDemand, lanes }: CapacitySubject): string {
  // The records of one partition key lie on one shard, however many there are.
  if (busiest.bytesOfOneKey > busiest.bytes / 2) {
    return `Set publisher.lanes to ${lanes * 2}: one lane has most of it. Order is then kept within a session only`;
  }
  if (onDemand) return "Nothing: on-demand capacity grows by itself to twice the busiest quarter of an hour";
  return `aws kinesis update-shard-count --stream-name ${streamName} --target-shard-count ${openShards * 2} --scaling-type UNIFORM_SCALING`;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_024)} KB`;
}

function percent(part: number): string {
  return `${Math.ceil(part * 100)} %`;
}
