import { testConfig } from "@das/vitest-config";
import { mergeConfig } from "vitest/config";

// Each scene has two or three publisher processes: a few scenes at a time keep two cores busy, more only slow them down.
export default mergeConfig(testConfig, { test: { fileParallelism: false, maxConcurrency: 3 } });
