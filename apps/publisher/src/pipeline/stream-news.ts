import type { StreamNotice, UtcTime } from "@das/core";

/** What a publisher heard of the stream itself, and tells on it beside its heartbeats. */
export class StreamNews {
  readonly #notices: StreamNotice[] = [];
  readonly #closing = Promise.withResolvers<UtcTime>();
  #revision: number | undefined;
  #isFinished = false;
  #arrival = Promise.withResolvers<void>();

  /** Of the stream's state: heartbeats carry it, so that whoever changed the state sees who has seen it. */
  get revision(): number | undefined {
    return this.#revision;
  }

  /** Resolves when there is something new to tell. */
  get arrival(): Promise<void> {
    return this.#arrival.promise;
  }

  /** Resolves, when the stream is being stopped, with the moment up to which events belong on it. */
  get closing(): Promise<UtcTime> {
    return this.#closing.promise;
  }

  /** @param notices empty when the change is nothing that is told */
  heard(revision: number, notices: readonly StreamNotice[]): void {
    this.#revision = revision;
    this.#notices.push(...notices);
    this.#arrival.resolve();
  }

  close(at: UtcTime): void {
    this.#closing.resolve(at);
  }

  /** The stream is being stopped, and all that belongs on it is there. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  finish(): void {
    this.#isFinished = true;
  }

  /** What is to be told now; it is not given again. */
  take(): readonly StreamNotice[] {
    return this.#notices.splice(0);
  }

  /** What has arrived is being told: the next arrival is another one. */
  told(): void {
    this.#arrival = Promise.withResolvers<void>();
  }
}
