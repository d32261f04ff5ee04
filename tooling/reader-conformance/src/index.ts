export { CONFORMANCE_CASES, type ConformanceCase, type ConformanceTrail, type OpenTrail } from "./conformance-cases.ts";
export { coverPairs } from "./cover-pairs.ts";
export { describeReaderConformance } from "./describe-reader.ts";
export { ReferenceReader, type ReferenceReaderOptions, ReferenceSource } from "./reference-reader.ts";
export { type ReferenceRow, ReferenceTrail } from "./reference-trail.ts";
export { fromTheStart, resumeAt } from "./resume.ts";
export { WaitingLog } from "./waiting-log.ts";
