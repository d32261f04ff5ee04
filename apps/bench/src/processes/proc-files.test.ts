import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseCpuSeconds, parsePeakMemory } from "./proc-files.ts";

// Fields 1 to 20 of a real /proc/<pid>/stat; utime is 1534 and stime 97.
const stat = (name: string) => `4711 (${name}) R 1 4711 4711 0 -1 4194304 61520 0 12 0 1534 97 0 0 20 0 11 0 88310 1`;

describe("CPU time", () => {
  test.each(["node", "a b", "tricky) R 9 9 9 (name"])("is utime and stime of a process named %s", (name) => {
    expect(parseCpuSeconds(stat(name))).toBe(16.31);
  });

  test("is refused when it is not there", () => {
    expect(() => parseCpuSeconds("4711 (node) R 1 4711")).toThrow("utime");
  });
});

describe("peak memory", () => {
  test("is VmHWM in MiB, not VmRSS or VmPeak", () => {
    const status = "Name:\tnode\nVmPeak:\t11829336 kB\nVmHWM:\t  307200 kB\nVmRSS:\t  102400 kB\n";
    expect(parsePeakMemory(status)).toBe(300);
  });

  test("is refused when it is not there, as for a process that has ended", () => {
    expect(() => parsePeakMemory("Name:\tnode\nState:\tZ (zombie)\n")).toThrow("VmHWM");
  });
});

test.runIf(process.platform === "linux")("this kernel writes both files as they are read here", () => {
  expect(parseCpuSeconds(readFileSync("/proc/self/stat", "utf8"))).toBeGreaterThan(0);
  const peak = parsePeakMemory(readFileSync("/proc/self/status", "utf8"));
  expect(peak).toBeGreaterThan(10);
  expect(peak).toBeLessThan(100_000);
});
