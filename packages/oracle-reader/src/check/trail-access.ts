import { type CheckFinding, RefusedError } from "@das/core";
import type { Branch } from "../audit-server.ts";
import { isSelected, isUnlisted } from "../columns.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { accessOf } from "../instance.ts";
import {
  absentColumns,
  type BranchAccess,
  type DescribedColumn,
  describeStatement,
  TRAIL_FILES,
  TRAIL_TABLE,
  TRAIL_VIEW,
  trailColumns,
} from "../statements.ts";
import type { Answer, Inquiry } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";

type Described = Answer<readonly DescribedColumn[]>;

/** The trail's view and the two branches below it, each as far as the reader may read it. */
export interface TrailFacts {
  readonly view: Described;
  readonly table: Described;
  readonly files: Described;
}

export async function lookAtTrail(inquiry: Inquiry): Promise<TrailFacts> {
  return {
    view: await inquiry.describe(describeStatement(TRAIL_VIEW)),
    table: await inquiry.describe(describeStatement(TRAIL_TABLE)),
    files: await inquiry.describe(describeStatement(TRAIL_FILES)),
  };
}

/** How the branches are read; "none" where the reader itself would refuse, "unknown" where the view cannot be read. */
export type TrailAccess = ReadonlyMap<Branch, BranchAccess> | "none" | "unknown";

/** As the reader decides it when it connects. */
export function trailAccess(trail: TrailFacts, { role }: InstanceFacts, options: ConnectionOptions): TrailAccess {
  if (!trail.view.known) return "unknown";
  const table = trail.table.known ? trail.table.value : undefined;
  const files = trail.files.known ? trail.files.value : undefined;
  try {
    return accessOf({ view: trail.view.value, table, files, role }, options);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return "none";
  }
}

const BRANCHES =
  "What the table holds replicates, what the instance's spillover files hold is only there: each is a source of its own";

/** Which branches can be read by themselves, and what is lost without (Oracle notes §3.3). */
export function judgeBranches(trail: TrailFacts, instance: InstanceFacts, access: TrailAccess): CheckFinding {
  const { ok, warning, failure } = about("branches", BRANCHES);
  const missing = [...(trail.table.known ? [] : [TRAIL_TABLE]), ...(trail.files.known ? [] : [TRAIL_FILES])].map(
    (object) => object.toUpperCase(),
  );
  const repair = missing.map((object) => grantHere(`READ ON ${object}`, instance)).join("\n");
  if (access === "unknown") return failure("the trail cannot be read at all", grantHere("AUDIT_VIEWER", instance));
  if (access === "none") {
    return failure("the view of this release has no time in UTC, and what is below it may not be read", repair);
  }
  if (missing.length === 0) return ok("the table and the files can both be read by themselves");
  const through = `without READ on ${missing.join(" and ")}`;
  if (isLost(instance, access)) {
    return failure(
      `${through} nothing tells this standby's own rows from the replicated ones: its files reach no stream`,
      repair,
    );
  }
  if (!access.has("files")) {
    return warning(
      `${through} table and files are read as one, through the view: each poll opens every file, and in another role the files are lost`,
      repair,
    );
  }
  return warning(`${through} the branches are read through the view: each poll opens every file`, repair);
}

/** Are there rows here that no source of this instance would read? */
export function isLost({ role }: InstanceFacts, access: TrailAccess): boolean {
  return access === "none" || (access !== "unknown" && role !== "PRIMARY" && !access.has("files"));
}

/** From 23ai on it says which branch a row is from: below the view that goes without saying. */
const MADE_BY_VIEW = "SOURCE";

/** Columns of this release that nobody foresaw, and those that a branch does not have. */
export function judgeColumns(trail: TrailFacts, access: TrailAccess): readonly CheckFinding[] {
  if (!trail.view.known || access === "none" || access === "unknown") return [];
  const { ok, warning } = about(
    "columns",
    "Releases and their updates add columns: what is not known travels as a native field, what cannot be read is missing",
  );
  const view = trail.view.value;
  const readable = new Set(trailColumns(view, () => true).map(({ name }) => name));
  const wanted = trailColumns(view, (name) => isSelected(name, true));
  // EVENT_TIMESTAMP of 12.2 is read, under the name that it has in later releases.
  const unreadable = view.map(({ name }) => name).filter((name) => !readable.has(name) && name !== "EVENT_TIMESTAMP");
  if (unreadable.length > 0) {
    return [warning(`columns of a type that is no text are not read: ${nameSome(unreadable)}`)];
  }
  const absent = [...access].flatMap(([branch, how]) =>
    absentColumns(how, wanted)
      .filter((name) => name !== MADE_BY_VIEW)
      .map((name) => `${name} (of the ${branch})`),
  );
  if (absent.length > 0) {
    return [
      warning(`columns of the view that are below it under no known name are read as empty: ${nameSome(absent)}`),
    ];
  }
  const unlisted = wanted.map(({ name }) => name).filter(isUnlisted);
  const more =
    unlisted.length === 0
      ? "all of them documented by AWS"
      : `of which AWS documents no field for ${nameSome(unlisted)}: native fields under their own names, where those are on`;
  return [ok(`the view has ${view.length} columns, ${more}`)];
}
