/** The reader contract on every release that is supported: the suite that all readers share. */
import { type ReleaseName, VERSION_PROFILES } from "@das/oracle-emulator";
import { describeReaderConformance } from "@das/reader-conformance";
import { describe } from "vitest";
import { openEmulatedTrail } from "./emulated-trail.ts";

const RELEASES = Object.keys(VERSION_PROFILES) as ReleaseName[];

/** A hundred columns more make every poll many times as long: of the release that has the most. */
const WITH_NATIVE_FIELDS: ReleaseName = "future";

// Most of a case is waiting for the next poll, so several run at a time.
describe.concurrent("on every release", () => {
  for (const release of RELEASES) {
    const nativeAuditFields = release === WITH_NATIVE_FIELDS;
    describeReaderConformance(`the Oracle reader, on an emulated ${release},`, () =>
      openEmulatedTrail({ release, nativeAuditFields }),
    );
  }
});
