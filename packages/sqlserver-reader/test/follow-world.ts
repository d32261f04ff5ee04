import { type Cursor, type LossWindow, type Resume, silentLogger, type UtcTime } from "@das/core";
import { resumeAt } from "@das/reader-conformance";
import {
  auditNamed,
  createAudit,
  damageBlock,
  deleteFile,
  dropAudit,
  failAudit,
  failWrites,
  findAudit,
  findFile,
  flushAudit,
  moveAudit,
  openEmptyFile,
  pathOf,
  recreateAudit,
  repairBlock,
  restartInstance,
  rollOver,
  startAudit,
  stopAudit,
} from "@das/sqlserver-emulator";
import { SqlServerAuditSource } from "../src/audit-source.ts";
import { eventTimeOf } from "../src/row.ts";
import { AUDIT_NAME } from "../src/statements.ts";
import { type AuditWorld, DIRECTORY, GUID } from "./audit-world.ts";

/** One thing that happens while the reader sleeps. `at` picks a file, a block or a cursor. */
export interface Step {
  readonly kind: keyof typeof HAPPENINGS | "reader restarts" | "reader goes back";
  readonly at: number;
  readonly count: number;
}

/** What ends an event session, and with it its counters: what nobody saw in them by then is not known any more. */
const ENDS_SESSION = new Set(["stop", "toggle", "fail", "crash", "reboot", "recreate", "move", "drop"]);

const OTHER_GUIDS = ["11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-AAAAAAAAAAAA"];

const isOn = (world: AuditWorld) => findAudit(world.trail, AUDIT_NAME)?.status === "STARTED";
const guidOf = (world: AuditWorld) => findAudit(world.trail, AUDIT_NAME)?.guid ?? GUID;

const HAPPENINGS = {
  act: (world: AuditWorld, { count }: Step) => world.act(count),
  wait: (world: AuditWorld, { count }: Step) => {
    world.now += count * 300;
  },
  roll: (world: AuditWorld) => {
    // It is a write that finds the file full.
    if (isOn(world)) world.change((trail, now) => rollOver(flushAudit(trail, AUDIT_NAME, now), AUDIT_NAME, now));
  },
  empty: (world: AuditWorld) => {
    if (isOn(world)) world.change((trail, now) => openEmptyFile(trail, AUDIT_NAME, now));
  },
  cut: (world: AuditWorld, { count }: Step) => {
    world.cutAfter = count;
  },
  "another reads": (world: AuditWorld, { count }: Step) => {
    world.cutAfter = 0;
    world.othersTurn = count;
  },
  reboot: (world: AuditWorld) => world.restart((trail, now) => restartInstance(trail, "clean", now)),
  crash: (world: AuditWorld) => world.restart((trail, now) => restartInstance(trail, "crash", now)),
  stop: (world: AuditWorld) => {
    if (isOn(world)) world.change((trail, now) => stopAudit(trail, AUDIT_NAME, now));
  },
  start: (world: AuditWorld) => {
    if (!findAudit(world.trail, AUDIT_NAME)) {
      world.change((trail, now) => createAudit(trail, world.definition(guidOf(world)), now));
    }
    if (!isOn(world)) world.change((trail, now) => startAudit(trail, AUDIT_NAME, now));
  },
  toggle: (world: AuditWorld) => {
    if (!isOn(world)) return;
    world.change((trail, now) => stopAudit(trail, AUDIT_NAME, now));
    world.act(1);
    world.change((trail, now) => startAudit(trail, AUDIT_NAME, now));
  },
  fail: (world: AuditWorld, { at }: Step) => {
    const status = at % 2 === 0 ? "RUNTIME_FAIL" : "TARGET_CREATION_FAILED";
    if (isOn(world)) world.change((trail, now) => failAudit(trail, AUDIT_NAME, status, now));
  },
  recreate: (world: AuditWorld, { at }: Step) => {
    const guid = [GUID, ...OTHER_GUIDS][at % 3] as string;
    HAPPENINGS.stop(world);
    world.now += 1;
    if (findAudit(world.trail, AUDIT_NAME)) world.change((trail, now) => recreateAudit(trail, AUDIT_NAME, guid, now));
  },
  move: (world: AuditWorld, { at }: Step) => {
    if (!isOn(world)) return;
    const directory = at % 2 === 0 ? "E:\\audit\\" : DIRECTORY;
    HAPPENINGS.stop(world);
    world.now += 1;
    world.change((trail, now) => moveAudit(trail, AUDIT_NAME, directory, now));
  },
  drop: (world: AuditWorld) => {
    if (isOn(world)) world.change((trail, now) => stopAudit(trail, AUDIT_NAME, now));
    if (findAudit(world.trail, AUDIT_NAME)) world.change((trail) => dropAudit(trail, AUDIT_NAME));
  },
  delete: (world: AuditWorld, { at }: Step) => {
    const files = world.files().filter((candidate) => world.listed.has(pathOf(candidate)));
    const file = files[at % Math.max(1, files.length)];
    if (file) world.change((trail) => deleteFile(trail, pathOf(file)));
  },
  damage: (world: AuditWorld, { at, count }: Step) => {
    const file = world.files().at(-1 - (at % 3));
    const block = file?.blocks.at(-1 - (count % 3));
    if (file && block) world.change((trail) => damageBlock(trail, pathOf(file), block.offset));
  },
  repair: (world: AuditWorld) => {
    // What is whole again before anybody told of it was never known to be damaged.
    if (world.hasUntoldDamage) return;
    for (const file of world.files()) {
      for (const block of file.blocks.filter(({ unreadable }) => unreadable)) {
        world.change((trail) => repairBlock(trail, pathOf(file), block.offset));
      }
    }
  },
  "writes fail": (world: AuditWorld) => {
    if (isOn(world)) world.change((trail) => failWrites(trail, AUDIT_NAME, true));
  },
  "writes succeed": (world: AuditWorld) => {
    if (findAudit(world.trail, AUDIT_NAME)) world.change((trail) => failWrites(trail, AUDIT_NAME, false));
  },
  "clock back": (world: AuditWorld, { count }: Step) => {
    world.now -= count * 60_000;
  },
};

/** What a consumer saw, in order. */
export type Seen =
  | {
      readonly kind: "row";
      readonly marker: string;
      readonly time: UtcTime;
      readonly statement: string;
      readonly values: string;
    }
  | { readonly kind: "window"; readonly window: LossWindow };

export interface Following {
  readonly seen: readonly Seen[];
  /** How often reading began anew. */
  readonly restarts: number;
}

const ENOUGH_BATCHES = 3_000;
/** Batches without a row after which every file that is there was looked at. */
const ENOUGH_QUIET = 10;

/** Lets a reader follow the world through the steps, then until all that is there was seen. */
export async function follow(world: AuditWorld, steps: readonly Step[]): Promise<Following> {
  const seen: Seen[] = [];
  const cursors: Cursor[] = [];
  let next = 0;
  let quietBatches = 0;
  let quietSinceDeletion = ENOUGH_QUIET;
  let restarts = 0;
  let controller = new AbortController();
  let place: { readonly cursor: Cursor } | undefined;
  /** How many batches before the newest the next reader begins; undefined: this reader goes on. */
  let goBack: number | undefined;
  let last: string | undefined;

  world.onSleep = () => {
    // Nothing happens between the decision to restart the reader and its next batch, where it ends.
    if (controller.signal.aborted || goBack !== undefined) return;
    const step = steps[next];
    if (!step) {
      if (last === undefined) {
        comeToRest(world);
        last = world.activities.at(-1)?.statement;
      }
      return;
    }
    if (world.hasUnseenLoss && ENDS_SESSION.has(step.kind)) return;
    // Which unread files there were is known to this process alone.
    if (quietSinceDeletion < ENOUGH_QUIET && step.kind.startsWith("reader")) return;
    next += 1;
    if (step.kind === "delete") quietSinceDeletion = 0;
    if (step.kind === "reader restarts" || step.kind === "reader goes back") {
      goBack = step.kind === "reader restarts" ? 0 : step.count;
    } else {
      HAPPENINGS[step.kind](world, step);
      // No two files of an audit are created at the same moment.
      world.now += 1;
    }
  };

  for (let batches = 0; ; ) {
    const source = new SqlServerAuditSource({
      instanceId: "a",
      user: "das",
      audit: AUDIT_NAME,
      startAt: "oldest",
      sharedWith: [],
      connect: () => world.connect(),
      clock: world.clock,
      random: () => 0.5,
      logger: silentLogger,
    });
    // Everything that was given out is on the stream, so who asks again goes on there.
    let newest = place;
    let begins = 0;
    const resume: Resume = (signal) => {
      begins += 1;
      if (begins > 1) restarts += 1;
      return resumeAt(source, newest)(signal);
    };
    for await (const batch of source.read(resume, controller.signal)) {
      newest = { cursor: batch.cursor };
      batches += 1;
      if (batches > ENOUGH_BATCHES) throw new Error("what is there does not come");
      for (const window of batch.lossWindows) seen.push({ kind: "window", window });
      for (const row of batch.rows) {
        const values = JSON.stringify(row.values);
        const statement = String(row.values[8]);
        seen.push({ kind: "row", marker: source.marker(row), time: eventTimeOf(row), statement, values });
      }
      cursors.push(batch.cursor);
      quietSinceDeletion = batch.rows.length === 0 ? quietSinceDeletion + 1 : 0;
      const hasAll = last !== undefined && seen.some((item) => item.kind === "row" && item.statement === last);
      quietBatches = hasAll && batch.rows.length === 0 ? quietBatches + 1 : 0;
      if (goBack !== undefined || quietBatches > 3) controller.abort();
    }
    if (goBack === undefined) return { seen, restarts };
    const cursor = cursors.at(-1 - Math.min(goBack, Math.max(0, cursors.length - 1)));
    place = cursor && { cursor };
    restarts += 1;
    goBack = undefined;
    world.listed.clear();
    controller = new AbortController();
  }
}

/** Everything works again, and something happens that must come out. */
function comeToRest(world: AuditWorld): void {
  const step = { kind: "act", at: 0, count: 3 } as const;
  HAPPENINGS["writes succeed"](world);
  HAPPENINGS.start(world);
  const { currentFile } = auditNamed(world.trail, AUDIT_NAME);
  if (currentFile === null || !findFile(world.trail, currentFile)) HAPPENINGS.roll(world);
  world.cutAfter = undefined;
  HAPPENINGS.act(world, step);
}
