import type { Logger, StreamNotice } from "@das/core";
import type { AuditServer, PolicyState } from "./audit-server.ts";
import type { ToldDrift } from "./cursor.ts";

/** The procedure that puts things back, as events name it. */
export const HEALING = "das_heal";

/** How often one thing is put back, until it was as it should be for so many milliseconds: else two take turns for ever. */
const MOST_ATTEMPTS = 3;
const CALM = 600_000;

interface Healing {
  readonly attempts: number;
  /** Milliseconds, monotonic; undefined while it is not as it should be. */
  readonly calmSince: number | undefined;
  readonly isGivenUp: boolean;
}

/** Lets the installed procedure put back what was told. */
export class PolicyHealing {
  readonly #sourceId: string;
  readonly #logger: Logger;
  readonly #told: Map<string, ToldDrift>;
  /** By line. */
  readonly #healings = new Map<string, Healing>();

  /** @param told by line; how often and whether each was put back is noted in it */
  constructor(sourceId: string, told: Map<string, ToldDrift>, logger: Logger) {
    this.#sourceId = sourceId;
    this.#told = told;
    this.#logger = logger;
    for (const [line, { attempts }] of told) {
      if (attempts > 0) this.#healings.set(line, { attempts, calmSince: undefined, isGivenUp: false });
    }
  }

  /**
   * Tries each thing that was told once. Never throws: what was told has to get onto the stream.
   * @param time milliseconds, monotonic
   */
  async look(
    server: AuditServer,
    { drift, canHeal }: PolicyState,
    time: number,
    signal: AbortSignal,
  ): Promise<{ readonly hasTried: boolean; readonly givenUp: readonly StreamNotice[] }> {
    this.#noteCalm(new Set(drift.map(({ text }) => text)), time);
    const givenUp: StreamNotice[] = [];
    let hasTried = false;
    for (const { text, healable } of canHeal ? drift : []) {
      const told = this.#told.get(text);
      const healing = this.#healings.get(text) ?? { attempts: 0, calmSince: undefined, isGivenUp: false };
      if (!told || healable === undefined || healing.isGivenUp) continue;
      if (healing.attempts >= MOST_ATTEMPTS) {
        this.#healings.set(text, { ...healing, isGivenUp: true });
        givenUp.push(this.#giveUp(told));
        continue;
      }
      this.#healings.set(text, { ...healing, attempts: healing.attempts + 1 });
      hasTried = true;
      const refusal = await server.heal(healable, signal);
      this.#told.set(text, { ...told, attempts: told.attempts + 1, isHealed: refusal === undefined });
      if (refusal === undefined) continue;
      this.#logger.warn({ source: this.#sourceId, drift: text, error: refusal }, "das_heal did not put it back");
    }
    return { hasTried, givenUp };
  }

  #noteCalm(present: ReadonlySet<string>, time: number): void {
    for (const [line, healing] of this.#healings) {
      const calmSince = present.has(line) ? undefined : (healing.calmSince ?? time);
      if (calmSince !== undefined && time - calmSince >= CALM) this.#healings.delete(line);
      else this.#healings.set(line, { ...healing, calmSince });
    }
  }

  /** It bears the start of the drift, so that it is one event whoever tells it. */
  #giveUp(told: ToldDrift): StreamNotice {
    const { line, cause, startTime } = told;
    this.#told.set(line, { ...told, isHealed: false });
    this.#logger.error({ source: this.#sourceId, drift: line }, "the locked audit policy is not put back any more");
    return { command: "POLICY DRIFT", cause: `not restored by ${HEALING}: ${cause}`, startTime, endTime: startTime };
  }
}
