import { type CheckFinding, checkTopic } from "@das/core";
import type { Configuration } from "../../configuration/schema.ts";
import { isPublished } from "../../lifecycle/stream-life.ts";
import { type StreamState, stateOf } from "../../lifecycle/stream-state.ts";
import type { Answer } from "./answer.ts";
import { START_HINT } from "./start-hint.ts";

export interface StateFindings {
  readonly findings: readonly CheckFinding[];
  /** Under which publishers seal, whatever the configuration says; absent: the stream is not started. */
  readonly keyInForce?: string;
}

/** What the tags say of the stream's life, and whether the configuration still says the same. */
export function judgeState(tags: Answer<ReadonlyMap<string, string>>, { stream }: Configuration): StateFindings {
  const { ok, warning, failure } = checkTopic(
    "stream.state",
    "Publishers read from the stream's tags whether to publish, and how",
  );
  if (!tags.known) return told(failure(`the tags of the stream cannot be read: ${tags.reason}`, tags.remedy));
  const parsed = stateOf(tags.value);
  if (parsed.kind === "foreign") {
    return told(
      failure(
        `somebody else changed the tags of the stream: ${parsed.problems.join(", ")}`,
        "Put them back (AddTagsToStream stands in CloudTrail), or remove all that begin with das- and start the stream again",
      ),
    );
  }
  if (parsed.kind === "none") return told(warning("nothing was ever started on this stream", START_HINT));
  const { state } = parsed;
  const status = ok(`the stream is ${state.status} (generation ${state.generation})`);
  if (!isPublished(state)) return told(status);
  return { findings: [status, ...judgeSettings(state, stream)], keyInForce: state["kms-key-id"] };
}

function told(...findings: readonly CheckFinding[]): StateFindings {
  return { findings };
}

function judgeSettings(state: StreamState, stream: Configuration["stream"]): readonly CheckFinding[] {
  const { warning } = checkTopic(
    "stream.settings",
    "What `das start` wrote counts, until the next start; not the configuration",
  );
  const started = [
    ["stream.kmsKeyId", state["kms-key-id"], stream.kmsKeyId],
    ["stream.nativeAuditFields", state["native-audit-fields"], String(stream.nativeAuditFields)],
  ] as const;
  return started
    .filter(([, inForce, configured]) => inForce !== configured)
    .map(([setting, inForce, configured]) => ({
      ...warning(
        `the stream was started with ${setting} ${inForce}; the configuration says ${configured}`,
        "Correct the configuration, or stop the stream and start it again",
      ),
      id: setting.replace("stream.", "stream.settings."),
    }));
}
