import { type DatabaseActivityEvent, STREAM_CLASS, type UtcTime } from "@das/core";

/** A deviation of the audit policy from what was recorded, as publishers told it. */
export interface ToldDrift {
  readonly cause: string;
  readonly startTime: UtcTime;
  /** null: it was not told to be over. */
  readonly endTime: UtcTime | null;
}

/** The drifts told on a stream, each once, however many publishers told it. */
export class DriftBook {
  readonly #told = new Map<string, ToldDrift>();

  add(event: Pick<DatabaseActivityEvent, "class" | "command" | "errorMessage" | "startTime" | "endTime" | "logTime">) {
    if (event.class !== STREAM_CLASS || event.command !== "POLICY DRIFT") return;
    const { errorMessage, logTime } = event;
    const startTime = event.startTime ?? logTime;
    const key = JSON.stringify([errorMessage, startTime]);
    // Told when it begins and again when it ends, so an end says more than none.
    const endTime = event.endTime ?? this.#told.get(key)?.endTime ?? null;
    this.#told.set(key, { cause: errorMessage ?? "", startTime, endTime });
  }

  /** In the order in which they began. */
  get drifts(): readonly ToldDrift[] {
    return [...this.#told.values()].toSorted((one, other) => (one.startTime < other.startTime ? -1 : 1));
  }
}
