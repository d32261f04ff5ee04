import type { Clock } from "@das/core";
import { CHANGES_AUDIT, STREAM_AUDIT } from "../default-instance.ts";
import { type AuditTrail, findAudit } from "../model/audit-trail.ts";
import { appendRows } from "../model/write-rows.ts";
import type { Workload, WorkloadRow } from "./workload.ts";

const AUDIT_NAMES = { stream: STREAM_AUDIT, changes: CHANGES_AUDIT };

/** The rows go into their audits; an audit that does not exist takes nothing. */
export function appendWorkload(trail: AuditTrail, rows: readonly WorkloadRow[], now: number): AuditTrail {
  let changed = trail;
  for (const kind of ["stream", "changes"] as const) {
    const own = rows.filter(({ audit }) => audit === kind).map(({ row }) => row);
    if (own.length > 0 && findAudit(changed, AUDIT_NAMES[kind]))
      changed = appendRows(changed, AUDIT_NAMES[kind], own, now);
  }
  return changed;
}

const ROWS_PER_STEP = 500;

/** A backlog: `count` rows whose times are spread evenly over the span before `now`. */
export function preloadWorkload(
  trail: AuditTrail,
  workload: Workload,
  count: number,
  span: number,
  now: number,
): AuditTrail {
  let changed = trail;
  let made = 0;
  while (made < count) {
    const from = now - span + (span * made) / count;
    const step = Math.min(ROWS_PER_STEP, count - made);
    const to = now - span + (span * (made + step)) / count;
    const rows = workload.generate(step, Math.floor(from), Math.floor(to));
    changed = appendWorkload(changed, rows, Math.floor(to));
    made += rows.length;
  }
  return changed;
}

export interface RunningWorkload {
  /** Rows a second; 0 pauses. */
  rate: number;
  readonly generated: number;
  /** Resolves when nothing more is generated. */
  stop(): Promise<void>;
}

/** What the workload needs of an emulator. */
export interface WorkloadTarget {
  now(): number;
  /** False while nobody can work there; absent: always. */
  readonly isRunning?: boolean;
  change(transition: (trail: AuditTrail, now: number) => AuditTrail): void;
}

const TICK = 50;

/** Generates at a rate until it is stopped. While the instance is down everybody loses the connection. */
export function runWorkload(target: WorkloadTarget, workload: Workload, rate: number, clock: Clock): RunningWorkload {
  const stopping = new AbortController();
  const running = { rate, generated: 0, stop };

  async function loop(): Promise<void> {
    let owed = 0;
    let before = clock.monotonic();
    while (!stopping.signal.aborted) {
      await clock.sleep(TICK, stopping.signal);
      const now = clock.monotonic();
      const isRunning = target.isRunning ?? true;
      if (!isRunning) workload.disconnect?.();
      // What nobody could do is not made up for.
      owed = isRunning ? owed + (running.rate * (now - before)) / 1000 : 0;
      const count = Math.floor(owed);
      if (count > 0 && !stopping.signal.aborted) {
        const to = target.now();
        const rows = workload.generate(count, Math.floor(to - (now - before)), to);
        target.change((trail, at) => appendWorkload(trail, rows, at));
        owed -= rows.length;
        running.generated += rows.length;
      }
      before = now;
    }
  }
  const ended = loop();

  function stop(): Promise<void> {
    stopping.abort();
    return ended;
  }
  return running;
}
