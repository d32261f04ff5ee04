import type { Clock } from "@das/core";
import type { ApplicationLocks } from "./application-locks.ts";
import type { Instance } from "./instance.ts";
import type { AuditTrail } from "./model/audit-trail.ts";
import { advance } from "./model/write-rows.ts";
import type { ServerState } from "./server-state.ts";
import type { SessionState } from "./session-state.ts";
import type { VersionProfile } from "./version-profiles.ts";

interface OpenSession {
  readonly state: SessionState;
  /** Cuts its connection. */
  kill(): void;
}

/** The one place where something changes: it holds the plain data, and the transitions are applied to it here. */
export class Engine {
  readonly profile: VersionProfile;
  readonly #clock: Clock;
  #trail: AuditTrail;
  #clockShift = 0;
  instance: Instance;
  locks: ApplicationLocks = {};
  /** Who is logged in, by session id. */
  readonly sessions = new Map<number, OpenSession>();
  #lastTransactionId = 1000;

  constructor(profile: VersionProfile, clock: Clock, instance: Instance, trail: AuditTrail) {
    this.profile = profile;
    this.#clock = clock;
    this.#trail = trail;
    this.instance = instance;
  }

  /** The server's clock: milliseconds since 1970. */
  now(): number {
    return this.#clock.now() + this.#clockShift;
  }

  /** Column transaction_id, and what a client names its transaction by: a number that rises. */
  nextTransactionId(): number {
    this.#lastTransactionId += 1;
    return this.#lastTransactionId;
  }

  /** Sets the server's clock forward, or back. */
  shiftClock(milliseconds: number): void {
    this.#clockShift += milliseconds;
  }

  /** As it is now: what QUEUE_DELAY made due is written. */
  get trail(): AuditTrail {
    this.#trail = advance(this.#trail, this.now());
    return this.#trail;
  }

  changeTrail(transition: (trail: AuditTrail, now: number) => AuditTrail): void {
    this.#trail = transition(this.trail, this.now());
  }

  get state(): ServerState {
    return { trail: this.trail, instance: this.instance };
  }

  /** Applies a transition of everything at once. */
  change(transition: (state: ServerState, now: number) => ServerState): void {
    const { trail, instance } = transition(this.state, this.now());
    this.#trail = trail;
    this.instance = instance;
  }

  changeInstance(change: Partial<Instance>): void {
    this.instance = { ...this.instance, ...change };
  }
}
