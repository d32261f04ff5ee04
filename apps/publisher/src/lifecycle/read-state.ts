import { RefusedError } from "@das/core";
import { type Kinesis, readTags } from "../stream/kinesis-stream.ts";
import { type StreamState, stateOf } from "./stream-state.ts";

/**
 * What the tags of a stream say of its life; undefined: nothing was ever started on it.
 * @throws RefusedError when they are not what das wrote; what Kinesis answers
 */
export async function readState(client: Kinesis, streamName: string): Promise<StreamState | undefined> {
  const parsed = stateOf(await readTags(client, streamName));
  if (parsed.kind === "state") return parsed.state;
  if (parsed.kind === "none") return undefined;
  throw new RefusedError({
    who: "das",
    what: `the tags of the stream ${streamName} are not what das wrote, so somebody else changed them`,
    details: parsed.problems,
    remedy:
      "Put them back (AddTagsToStream stands in CloudTrail), or delete the tags that begin with das- and start the stream again",
    code: "InvalidDBInstanceState",
  });
}
