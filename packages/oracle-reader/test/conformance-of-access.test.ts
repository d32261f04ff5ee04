/**
 * The reader contract on every way in which a trail may be reached: the suite that all readers share.
 */
import type { Branch, ReleaseName } from "@das/oracle-emulator";
import { coverPairs, describeReaderConformance } from "@das/reader-conformance";
import { describe } from "vitest";
import { type EmulatedTrailOptions, openEmulatedTrail } from "./emulated-trail.ts";

interface Behaviour {
  /** What the reader goes by to tell the table's rows from the files' (Oracle notes §3.3). */
  readonly access: "direct grants" | "SOURCE" | "DB_UNIQUE_NAME";
  readonly branch: Branch;
  readonly container: "a PDB" | "a non-CDB";
  readonly tls: "off" | "required";
}

const COMBINATIONS = coverPairs<Behaviour>({
  access: ["direct grants", "SOURCE", "DB_UNIQUE_NAME"],
  branch: ["table", "files"],
  container: ["a PDB", "a non-CDB"],
  tls: ["off", "required"],
});

const RELEASE_OF: Readonly<Record<Behaviour["access"], ReleaseName>> = {
  "direct grants": "19c",
  SOURCE: "23ai",
  DB_UNIQUE_NAME: "21c",
};

function trailOf({ access, branch, container, tls }: Behaviour): EmulatedTrailOptions {
  return {
    release: RELEASE_OF[access],
    rights: access === "direct grants" ? "direct" : "view",
    branch,
    pluggables: container === "a PDB" ? ["SALESPDB"] : [],
    tls,
    // A hundred columns more make every poll many times as long; with them, `conformance.test.ts` runs.
    nativeAuditFields: false,
  };
}

// Most of a case is waiting for the next poll, so several run at a time.
describe.concurrent("however the trail is reached", () => {
  for (const behaviour of COMBINATIONS) {
    const name = Object.entries(behaviour)
      .map(([what, value]) => `${what} ${value}`)
      .join(", ");
    describeReaderConformance(`the Oracle reader, with ${name},`, () => openEmulatedTrail(trailOf(behaviour)));
  }
});
