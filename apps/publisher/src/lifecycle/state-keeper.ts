import { randomBytes } from "node:crypto";
import { AddTagsToStreamCommand, DeleteStreamCommand, type StreamDescriptionSummary } from "@aws-sdk/client-kinesis";
import { type Clock, type ErrorParts, streamNameOf, UnavailableError } from "@das/core";
import { insist } from "../aws/insist.ts";
import {
  createStream,
  describeStream,
  isActive,
  type Kinesis,
  refuseEncrypted,
  refuseForeign,
} from "../stream/kinesis-stream.ts";
import type { LifecycleParts } from "./lifecycle-parts.ts";
import { readState } from "./read-state.ts";
import { invalidState } from "./refusals.ts";
import { type StreamState, tagsOf } from "./stream-state.ts";

/** What a change says; revision and writer are the keeper's. */
export type StateChange = Omit<StreamState, "revision" | "writer">;

/** What is known of the stream before a change. */
export interface KnownStream {
  readonly summary: StreamDescriptionSummary;
  readonly state: StreamState | undefined;
}

/** Two writers may have read the same state: after so many milliseconds each sees whose change it was. */
const SETTLING = { least: 750, jitter: 500 };
/** Tags may answer stale for a while; milliseconds. */
const STALE_AT_MOST = 30_000;
const LOOK_INTERVAL = 500;
/** A stream is created, or deleted, within seconds. Milliseconds. */
const CREATED_WITHIN = 120_000;

/** Reads and changes the state of one stream; only the command line does (architecture §7). */
export class StateKeeper {
  readonly streamName: string;
  readonly #kinesis: Kinesis;
  readonly #parts: Pick<LifecycleParts, "configuration" | "clock" | "random" | "signal">;
  readonly #clock: Clock;

  constructor({ aws, configuration, clock, random, signal }: Omit<LifecycleParts, "provisioner" | "administrator">) {
    this.streamName = streamNameOf(configuration.resource.id);
    this.#kinesis = aws.kinesis;
    this.#parts = { configuration, clock, random, signal };
    this.#clock = clock;
  }

  /**
   * @returns undefined when there is no stream
   * @throws RefusedError when it is somebody else's, encrypted by Kinesis, or bears tags that das did not write
   */
  async look(): Promise<KnownStream | undefined> {
    const summary = await this.#insist(() => describeStream(this.#kinesis, this.streamName));
    if (!summary) return undefined;
    refuseForeign(summary, this.streamName, this.#parts.configuration.stream.account);
    refuseEncrypted(summary, this.streamName);
    return { summary, state: await this.#read() };
  }

  /** The stream, with its first state in its tags from the beginning. */
  async create(change: StateChange): Promise<StreamState> {
    const next = this.#sign(change, 0);
    const { shards } = this.#parts.configuration.stream;
    await this.#insist(() => createStream(this.#kinesis, this.streamName, shards, tagsOf(next)));
    await this.#awaitStream("active", isActive);
    return this.#settle(next);
  }

  /**
   * @param known the state that the change was decided on
   * @throws RefusedError InvalidDBInstanceState when somebody else changed the state meanwhile
   */
  async change(known: StreamState | undefined, change: StateChange): Promise<StreamState> {
    const current = await this.#read();
    if (current?.revision !== known?.revision || current?.writer !== known?.writer) throw this.#changedMeanwhile();
    const next = this.#sign(change, current?.revision ?? 0);
    const command = new AddTagsToStreamCommand({ StreamName: this.streamName, Tags: tagsOf(next) });
    await this.#insist(() => this.#kinesis.send(command));
    return this.#settle(next);
  }

  async delete(): Promise<void> {
    const command = new DeleteStreamCommand({ StreamName: this.streamName, EnforceConsumerDeletion: true });
    await this.#insist(() => this.#kinesis.send(command));
    await this.#awaitStream("deleted", (summary) => summary === undefined);
  }

  #sign(change: StateChange, revision: number): StreamState {
    return { ...change, revision: revision + 1, writer: randomBytes(9).toString("hex") };
  }

  async #settle(written: StreamState): Promise<StreamState> {
    const { random, signal } = this.#parts;
    await this.#clock.sleep(SETTLING.least + random() * SETTLING.jitter, signal);
    const seen = await this.#await(
      async () => {
        const state = await this.#read();
        return state && state.revision >= written.revision ? state : undefined;
      },
      STALE_AT_MOST,
      {
        what: `the tags of the stream ${this.streamName} do not show the change that was just made`,
        code: "stream-tags-stale",
      },
    );
    if (seen.writer === written.writer) return seen;
    throw this.#changedMeanwhile();
  }

  #changedMeanwhile() {
    return invalidState(
      `somebody else changed the state of the stream ${this.streamName} at the same time`,
      "Look at it with das describe, and run the command again if it still is what you want",
    );
  }

  async #awaitStream(what: string, isThere: (summary: StreamDescriptionSummary | undefined) => boolean): Promise<void> {
    await this.#await(
      async () => isThere(await this.#insist(() => describeStream(this.#kinesis, this.streamName))) || undefined,
      CREATED_WITHIN,
      {
        what: `the stream ${this.streamName} is not ${what} after ${CREATED_WITHIN / 1_000} seconds`,
        code: "stream-slow",
      },
    );
  }

  /**
   * Looks again and again until there is something to see.
   * @param limit milliseconds
   * @throws UnavailableError when there was not in time
   */
  async #await<Seen>(
    look: () => Promise<Seen | undefined>,
    limit: number,
    late: Pick<ErrorParts, "what" | "code">,
  ): Promise<Seen> {
    const { signal } = this.#parts;
    for (const began = this.#clock.monotonic(); ; await this.#clock.sleep(LOOK_INTERVAL, signal)) {
      signal.throwIfAborted();
      const seen = await look();
      if (seen !== undefined) return seen;
      if (this.#clock.monotonic() - began <= limit) continue;
      throw new UnavailableError({
        ...late,
        who: "das",
        remedy: "Run the command again: it goes on where this one ended",
      });
    }
  }

  #read(): Promise<StreamState | undefined> {
    return this.#insist(() => readState(this.#kinesis, this.streamName));
  }

  #insist<Value>(call: () => Promise<Value>): Promise<Value> {
    return insist(`stream ${this.streamName}`, this.#parts, call);
  }
}
