import { testConfig } from "@das/vitest-config";
import { mergeConfig } from "vitest/config";

// Most of a file is waiting for processes, polls and heartbeats: two at a time keep the cores busy.
export default mergeConfig(testConfig, { test: { maxWorkers: 2 } });
