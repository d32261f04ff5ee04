import type { Clock, Logger } from "@das/core";
import { classifyAwsError } from "../aws/classify-aws-error.ts";
import type { Kinesis } from "../stream/kinesis-stream.ts";
import { readState } from "./read-state.ts";
import type { StreamState } from "./stream-state.ts";

export interface StateFollowingParts {
  readonly client: Kinesis;
  readonly streamName: string;
  /** Milliseconds. */
  readonly pollInterval: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** After a refused put or key the state is looked at at once, but not more often than this. Milliseconds. */
const HURRY_INTERVAL = 1_000;

/** Watches the tags of a stream that is published: somebody may stop it, or start it anew with another key. */
export class StateFollowing {
  readonly #parts: StateFollowingParts;
  #hurry = new AbortController();

  constructor(parts: StateFollowingParts) {
    this.#parts = parts;
  }

  /** Something was refused that should not be: the reason may stand in the tags. Never waits, never throws. */
  hurry(): void {
    this.#hurry.abort();
  }

  /**
   * The states that come after `known`, as they are seen; undefined when the stream is gone. A revision is never followed
   * by a lower one: tags may answer stale for a while. Ends when the signal aborts or the stream is gone.
   */
  async *after(known: StreamState | undefined, signal: AbortSignal): AsyncGenerator<StreamState | undefined, void> {
    let revision = known?.revision ?? 0;
    while (await this.#wait(signal)) {
      const state = await this.#look();
      if (state === "gone") {
        yield undefined;
        return;
      }
      if (state === "unknown" || state === undefined || state.revision <= revision) continue;
      revision = state.revision;
      yield state;
    }
  }

  /** @returns false when the signal aborted */
  async #wait(signal: AbortSignal): Promise<boolean> {
    const { clock, random, pollInterval } = this.#parts;
    await clock.sleep(Math.min(HURRY_INTERVAL, pollInterval), signal);
    const rest = pollInterval * (0.5 + random() / 2) - HURRY_INTERVAL;
    if (rest > 0) await clock.sleep(rest, AbortSignal.any([signal, this.#hurry.signal]));
    this.#hurry = new AbortController();
    return !signal.aborted;
  }

  async #look(): Promise<StreamState | "gone" | "unknown" | undefined> {
    const { client, streamName, logger } = this.#parts;
    try {
      return await readState(client, streamName);
    } catch (error) {
      if ((error as Error).name === "ResourceNotFoundException") return "gone";
      // What was true is taken to be true still: publishing goes on.
      const { message } = classifyAwsError(error, `stream ${streamName}`);
      logger.warn({ stream: streamName, error: message }, "the state of the stream cannot be read; publishing goes on");
      return "unknown";
    }
  }
}
