import type { Hole, SourceReport, StreamReport } from "@das/consumer";

/**
 * `open`: missing, and nothing says why. `under way`: overtaken so shortly before reading ended that it may still come.
 * `explained`: a loss window tells of it. `closed`: never acknowledged, and its rows were published again.
 */
type Verdict = "open" | "under way" | "explained" | "closed";

export interface JudgedHole {
  readonly generation: number;
  readonly source: SourceReport;
  readonly hole: Hole;
  readonly verdict: Verdict;
}

/** What is throttled is sent again within seconds, what is refused within half a minute. */
const UNDER_WAY_MILLISECONDS = 60_000;

/** @param readUntil what arrived later was not read */
export function judgeHoles({ generations }: StreamReport, readUntil: Date): readonly JudgedHole[] {
  return generations.flatMap(({ generation, sources }) =>
    sources.flatMap((source) =>
      source.holes.map((hole) => ({ generation, source, hole, verdict: verdictOn(hole, readUntil) })),
    ),
  );
}

function verdictOn(hole: Hole, readUntil: Date): Verdict {
  if (hole.state === "closed") return "closed";
  if (hole.explainedBy) return "explained";
  const overtakenAt = hole.after.arrival?.getTime() ?? Number.NEGATIVE_INFINITY;
  const isRecent = overtakenAt >= readUntil.getTime() - UNDER_WAY_MILLISECONDS;
  return isRecent && !hole.acknowledged ? "under way" : "open";
}

/** How many holes there are of each kind, also those that were too many to be listed. */
export function countHoles(
  report: StreamReport,
  judged: readonly JudgedHole[],
): { readonly open: number; readonly underWay: number; readonly explained: number; readonly closed: number } {
  const count = (wanted: Verdict) => judged.filter(({ verdict }) => verdict === wanted).length;
  const sources = report.generations.flatMap((generation) => generation.sources);
  const unlistedOpen = sources.reduce((sum, { forgottenOpenHoles }) => sum + forgottenOpenHoles, 0);
  const unlisted = sources.reduce((sum, { forgottenHoles }) => sum + forgottenHoles, 0);
  return {
    open: count("open") + unlistedOpen,
    underWay: count("under way"),
    explained: count("explained"),
    closed: count("closed") + unlisted - unlistedOpen,
  };
}
