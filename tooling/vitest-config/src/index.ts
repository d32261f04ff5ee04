import { defineConfig, type ViteUserConfig } from "vitest/config";

/**
 * The settings that every package's tests share.
 *
 * Timeouts are generous on purpose: no test depends on wall-clock speed, a timeout only ends a hang.
 */
export const testConfig: ViteUserConfig = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    passWithNoTests: false,
    restoreMocks: true,
  },
});
