/** The emulated SQL Server: it holds the mix, or makes it at a steady rate and notes when each row could be read. */
import { systemClock } from "@das/core";
import {
  type AuditRow,
  auditNamed,
  filesOfAudit,
  rowCount,
  runWorkload,
  type SqlServerEmulator,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import { AUDIT_NAME } from "@das/sqlserver-reader";
import { rowKey } from "../mix/event-key.ts";
import { MIX_VERSION, type MixStatements, mixWorkload, preloadMix } from "../mix/event-mix.ts";
import { monotonicMilliseconds } from "../processes/monotonic.ts";
import { serve } from "../processes/program.ts";

/** How a client reaches the emulator. */
export interface EmulatorAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
}

export interface EmulatorOptions {
  /** Rows that the audit holds from the start. */
  readonly rows: number;
  /** Default `made up`. */
  readonly statements?: MixStatements;
  /** Bytes of encoded rows that are kept: what does not fit is encoded anew for each reader. */
  readonly encodedBytes?: number;
}

export interface HeldRows {
  /** Of the audit that holds the mix. */
  readonly rows: number;
  /** Of the audit that watches changes of audits: the publisher reads it too. */
  readonly otherRows: number;
}

/** Rows of one audit file, as a reader asked for them. */
export interface AuditRead {
  readonly statement: string;
  readonly paths: readonly string[];
}

/** A row, and when it could be read first: milliseconds of the machine's monotonic clock. */
export interface Appearance {
  readonly key: string;
  readonly at: number;
}

export type EmulatorProgram = typeof program;

let emulator: SqlServerEmulator;
let stopWorkload: (() => Promise<readonly Appearance[]>) | undefined;

const program = {
  async start(options: EmulatorOptions): Promise<EmulatorAddress & HeldRows> {
    const { rows, statements, ...rest } = options;
    // Rows can be read at once: QUEUE_DELAY is the engine's own delay and not what is measured here.
    emulator = await startSqlServerEmulator({
      ...rest,
      version: MIX_VERSION,
      tls: "required",
      audits: { queueDelay: 0 },
    });
    const { host, port, user, password, ca = "" } = emulator;
    const held = preloadMix(emulator, rows, statements);
    const all = emulator.trail.files.reduce((sum, file) => sum + rowCount(file), 0);
    return { host, port, user, password, ca, rows: held, otherRows: all - held };
  },

  /** Rows that were sent for all requests that have ended. */
  rowsSent(): number {
    return emulator.statements.totals.rowsSent;
  },

  /** The statement with which a reader last read audit files, and the files that there are. */
  lastRead(): AuditRead {
    const record = emulator.statements.matching(/FROM sys\.fn_get_audit_file\(@/).at(-1);
    if (!record) throw new Error("nobody has read an audit file yet");
    const files = filesOfAudit(emulator.trail, auditNamed(emulator.trail, AUDIT_NAME));
    return { statement: record.text, paths: files.map(({ directory, name }) => directory + name) };
  },

  /** @param rate rows a second */
  startWorkload(rate: number): void {
    const appearances: Appearance[] = [];
    const workload = mixWorkload(emulator);
    let generated: readonly AuditRow[] = [];
    const running = runWorkload(
      {
        now: () => emulator.now(),
        change: (transition) => {
          emulator.change(transition);
          const at = monotonicMilliseconds();
          for (const row of generated) appearances.push({ key: rowKey(row), at });
        },
      },
      {
        generate: (count, from, to) => {
          const rows = workload.generate(count, from, to);
          generated = rows.filter(({ audit }) => audit === "stream").map(({ row }) => row);
          return rows;
        },
      },
      rate,
      systemClock,
    );
    stopWorkload = async () => {
      await running.stop();
      return appearances;
    };
  },

  /** @returns every row that was made, in order */
  async stopWorkload(): Promise<readonly Appearance[]> {
    return (await stopWorkload?.()) ?? [];
  },
};

serve(program);
