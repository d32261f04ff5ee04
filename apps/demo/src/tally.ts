import type { ActivityEvent } from "@das/consumer";
import type { AuditRow } from "@das/sqlserver-emulator";

/**
 * What was audited against what arrived, as multisets. Both keys are made here, from the trail's row and from the event
 * as any consumer sees it, and not with the reader's own mapping or identity: those are what is being examined.
 */
export interface Outcome {
  readonly audited: number;
  readonly decoded: number;
  readonly missing: number;
  readonly duplicates: number;
}

export class Tally {
  readonly #arrived = new Map<string, number>();
  #decoded = 0;

  get decoded(): number {
    return this.#decoded;
  }

  arrived(event: ActivityEvent): void {
    const { logTime, statementId, substatementId, commandText } = event;
    const key = [
      logTime,
      statementId,
      substatementId,
      event.engineNativeAuditFields?.additional_information,
      commandText,
    ];
    this.#arrived.set(JSON.stringify(key), (this.#arrived.get(JSON.stringify(key)) ?? 0) + 1);
    this.#decoded += 1;
  }

  compare(rows: Iterable<AuditRow>): Outcome {
    const left = new Map(this.#arrived);
    let audited = 0;
    let missing = 0;
    for (const row of rows) {
      audited += 1;
      const key = JSON.stringify([
        `${row.event_time}+00`,
        row.sequence_group_id ?? `0x${"0".repeat(32)}`,
        row.sequence_number ?? 1,
        row.additional_information ?? "",
        row.statement ?? "",
      ]);
      const count = left.get(key) ?? 0;
      if (count === 0) missing += 1;
      else left.set(key, count - 1);
    }
    // What is left over arrived more often than it was audited, or was never audited at all.
    const duplicates = left.values().reduce((sum, count) => sum + count, 0);
    return { audited, decoded: this.#decoded, missing, duplicates };
  }
}
