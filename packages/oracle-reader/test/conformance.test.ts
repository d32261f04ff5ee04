/** The reader contract on every release that is supported: the suite that all readers share. */
import { type ReleaseName, VERSION_PROFILES } from "@das/oracle-emulator";
import { describeReaderConformance } from "@das/reader-conformance";
import { describe } from "vitest";
import { openEmulatedTrail } from "./emulated-trail.ts";

const RELEASES = Object.keys(VERSION_PROFILES) as ReleaseName[];

/** A hundred columns more make every poll many times as long: of a release that is in use, and of the newest. */
const WITH_NATIVE_FIELDS: readonly ReleaseName[] = ["19c", "26ai"];

// Most of a case is waiting for the next poll, so several run at a time.
describe.concurrent("on every release", () => {
  for (const release of RELEASES) {
    const nativeAuditFields = WITH_NATIVE_FIELDS.includes(release);
    describeReaderConformance(`the Oracle reader, on an emulated ${release},`, () =>
      openEmulatedTrail({ release, nativeAuditFields }),
    );
  }
});
