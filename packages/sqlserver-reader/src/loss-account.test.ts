import type { LossWindow } from "@das/core";
import { describe, expect, test } from "vitest";
import { LOSS_CAUSES, LossAccount } from "./loss-account.ts";
import type { SqlServerRow, TrailDescription } from "./row.ts";

const trail: TrailDescription = {
  columns: ["das_event_time", "action_id", "additional_information"].map((name) => ({ name, kind: "text" })),
  actionNames: new Map(),
  classNames: new Map(),
};

const time = (second: number) => `2026-11-22 10:00:${String(second).padStart(2, "0")}.0000000+00`;

interface Told {
  readonly action?: string;
  readonly information?: string;
  readonly file?: number;
  readonly offset?: number;
}

function row(second: number, { action = "SL  ", information = "", file = 1, offset = 5_632 }: Told = {}): SqlServerRow {
  const values = [time(second).slice(0, -3), action, `<action>${information}</action>`];
  return { trail, values, fileTime: BigInt(file), offset: String(offset), ordinal: 0 };
}

const enabled = (startup: string) => ({ action: "AUSC", information: `>event enabled<>${startup}<` });
const DISABLED = { action: "AUSC", information: ">event disabled<" };
const SHUTDOWN = { action: "SVSD" };

/** What stands before a row. */
function before(account: LossAccount, next: SqlServerRow): readonly LossWindow[] {
  return account.passes(next) ? [] : account.before(next);
}

function after(...rows: readonly SqlServerRow[]): LossAccount {
  const account = new LossAccount();
  account.beginAt(1n, time(0));
  for (const next of rows) expect(before(account, next)).toEqual([]);
  return account;
}

const window = (cause: string, start: number, end: number | null) => ({
  cause,
  startTime: time(start),
  endTime: end === null ? null : time(end),
});

describe("an audit that was switched off", () => {
  test("is one window where the file was full between the two rows that say so", () => {
    const account = after(row(1), row(2, DISABLED));
    expect(account.take()).toEqual([window(LOSS_CAUSES.stopped, 2, null)]);
    const destroyed = { action: "AUSC", information: ">destroyed<", file: 2 };
    expect(before(account, row(2, destroyed))).toEqual([]);
    expect(before(account, row(9, { ...enabled("manual"), file: 3 }))).toEqual([window(LOSS_CAUSES.stopped, 2, 9)]);
    expect(account.take()).toEqual([]);
  });

  test("is a window from its last row to the row that says that it is on again", () => {
    const account = after(row(1), row(2, DISABLED));
    expect(account.take()).toEqual([window(LOSS_CAUSES.stopped, 2, null)]);
    expect(account.take()).toEqual([]);
    expect(before(account, row(3, { ...enabled("manual"), file: 2 }))).toEqual([window(LOSS_CAUSES.stopped, 2, 3)]);
  });

  test("is told once when it is over before anybody was told", () => {
    const account = after(row(1), row(2, DISABLED));
    expect(before(account, row(3, { ...enabled("manual"), file: 2 }))).toEqual([window(LOSS_CAUSES.stopped, 2, 3)]);
  });

  test("does not end with rows of sessions that were under way", () => {
    const account = after(row(1), row(2, DISABLED), row(3, { action: "AUSC", information: ">destroyed<" }));
    expect(before(account, row(2))).toEqual([]);
    expect(before(account, row(9, { file: 2 }))).toEqual([window(LOSS_CAUSES.stopped, 2, 9)]);
  });

  test("without a row that says so is a window from the last row of the file before", () => {
    const account = after(row(1), row(4));
    expect(before(account, row(9, { ...enabled("manual"), file: 2 }))).toEqual([window(LOSS_CAUSES.stopped, 4, 9)]);
  });

  test("because of a failure says so", () => {
    const account = after(row(1), row(2, { action: "AUSF" }));
    expect(account.take()).toEqual([window(LOSS_CAUSES.failed, 2, null)]);
  });
});

test("what a row says about the session of another audit is nothing about this one", () => {
  const about = (audit: string) => ({
    action: "AUSC",
    information: `<session><![CDATA[${audit}$A]]></session>>event disabled<`,
  });
  const account = after(row(1));
  account.concerns("RDS_DAS_AUDIT_CHANGES");
  before(account, row(2, about("RDS_DAS_AUDIT")));
  expect(account.take()).toEqual([]);
  before(account, row(3, about("rds_das_audit_changes")));
  expect(account.take()).toEqual([window(LOSS_CAUSES.stopped, 3, null)]);
});

describe("an instance that was started anew", () => {
  test("lost nothing when its shutdown is recorded", () => {
    const account = after(row(1), row(2, SHUTDOWN));
    expect(before(account, row(5, { ...enabled("automatic"), file: 2 }))).toEqual([]);
    expect(before(account, row(9, { ...enabled("automatic"), file: 3 }))).toEqual([
      window(LOSS_CAUSES.restarted, 5, 9),
    ]);
  });

  test("and whose audit's start is in no file lost that file", () => {
    const account = after(row(1), row(2, SHUTDOWN));
    expect(before(account, row(9, { file: 3 }))).toEqual([window(LOSS_CAUSES.fileDeleted, 2, 9)]);
    const other = after(row(1), row(2, SHUTDOWN));
    other.leaveEmptyFile();
    expect(before(other, row(9, { ...enabled("automatic"), file: 3 }))).toEqual([window(LOSS_CAUSES.restarted, 2, 9)]);
  });
});

test("a rollover is no loss", () => {
  const account = after(row(1));
  expect(before(account, row(2, { file: 2 }))).toEqual([]);
});

describe("records that the server skips", () => {
  const message = (offset: number) => `The function is skipping records from 'a.sqlaudit' at offset ${offset}.`;
  const nowhere = { lastOffset: null };

  test("are missing between the rows around them", () => {
    const account = after(row(1));
    account.beginRead();
    account.skipped(message(6_144), nowhere);
    expect(before(account, row(1, { offset: 5_632 }))).toEqual([]);
    expect(before(account, row(4, { offset: 7_168 }))).toEqual([window(LOSS_CAUSES.recordsUnreadable, 1, 4)]);
    account.endRead(false);
    account.beginRead();
    account.skipped(message(6_144), nowhere);
    account.endRead(false);
    expect(account.take()).toEqual([]);
  });

  test("at the end of a file that is written to count when they are met again", () => {
    const account = after(row(1));
    for (const told of [[], [window(LOSS_CAUSES.recordsUnreadable, 1, null)], []]) {
      account.beginRead();
      account.skipped(message(6_144), nowhere);
      account.endRead(false);
      expect(account.take()).toEqual(told);
    }
    expect(before(account, row(5, { offset: 7_168 }))).toEqual([window(LOSS_CAUSES.recordsUnreadable, 1, 5)]);
  });

  test("that were only being written are none", () => {
    const account = after(row(1));
    account.beginRead();
    account.skipped(message(6_144), nowhere);
    account.endRead(false);
    account.beginRead();
    expect(before(account, row(2, { offset: 6_144 }))).toEqual([]);
    account.endRead(false);
    expect(account.take()).toEqual([]);
  });

  test("at the end of a closed file count at once", () => {
    const account = after(row(1));
    account.beginRead();
    account.skipped(message(6_144), nowhere);
    account.endRead(true);
    expect(account.take()).toEqual([window(LOSS_CAUSES.recordsUnreadable, 1, null)]);
  });

  test("that are told after the rows behind them are missing somewhere in the read", () => {
    const account = after(row(1));
    account.beginRead();
    before(account, row(4, { offset: 7_168 }));
    account.skipped(message(6_144), nowhere);
    expect(account.take()).toEqual([window(LOSS_CAUSES.recordsUnreadable, 1, 4)]);
  });

  test("before the place that was resumed from were accounted for", () => {
    const account = after(row(1));
    account.beginRead();
    account.skipped(message(6_144), { lastOffset: 7_168n });
    account.endRead(true);
    expect(account.take()).toEqual([]);
  });

  test("behind the place where a read broke off are missing since that read began, and told once", () => {
    const positionAt = (lastOffset: bigint) => ({ previousOffset: null, lastOffset, fileTime: 1n });
    const account = after(row(1));
    account.beginRead();
    const since = account.readFrom(positionAt(5_632n));
    before(account, row(4, { offset: 7_168 }));
    for (const told of [[window(LOSS_CAUSES.recordsUnreadable, 1, 4)], []]) {
      account.beginRead();
      account.skipped(message(6_144), positionAt(7_168n), since);
      account.skipped(message(5_120), positionAt(7_168n), since);
      expect(account.take()).toEqual(told);
    }
  });
});

describe("records that the event session dropped", () => {
  const session = (count: number, name = "1") => ({ session: name, count: BigInt(count) });

  test("are missing between what was known at one look and the time of the next", () => {
    const account = after(row(1));
    account.look(session(0), time(2));
    before(account, row(3));
    account.look(session(5), time(4));
    expect(account.take()).toEqual([window(LOSS_CAUSES.recordsDropped, 1, 4)]);
    account.look(session(5), time(6));
    expect(account.take()).toEqual([]);
    account.look(session(2, "2"), time(8));
    expect(account.take()).toEqual([window(LOSS_CAUSES.recordsDropped, 3, 8)]);
  });

  test("while nobody looked are found, and those that were told are not told again", () => {
    const account = after(row(1));
    account.look(session(5), time(2));
    const resumed = new LossAccount(account.state());
    resumed.beginAt(1n, time(1));
    resumed.look(session(5), time(3));
    expect(resumed.take()).toEqual([]);
    resumed.look(session(7), time(9));
    expect(resumed.take()).toEqual([window(LOSS_CAUSES.recordsDropped, 1, 9)]);
  });
});

test("a window that runs when reading resumes is the same window, and ends", () => {
  const account = after(row(1), row(2, DISABLED));
  account.take();
  const resumed = new LossAccount(account.state());
  resumed.beginAt(1n, time(2));
  expect(resumed.take()).toEqual([window(LOSS_CAUSES.stopped, 2, null)]);
  expect(before(resumed, row(9, { ...enabled("manual"), file: 2 }))).toEqual([window(LOSS_CAUSES.stopped, 2, 9)]);
});

test("no window ends before it begins, even when the clock was set back in it", () => {
  const account = after(row(30), row(31, DISABLED));
  expect(before(account, row(5, { ...enabled("manual"), file: 2 }))).toEqual([window(LOSS_CAUSES.stopped, 31, 31)]);
});
