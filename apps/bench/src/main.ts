#!/usr/bin/env node
import { Command, Option } from "commander";
import { type Case, FULL, QUICK } from "./cases/case.ts";
import { cpu } from "./cases/cpu.ts";
import { kms } from "./cases/kms.ts";
import { latency } from "./cases/latency.ts";
import { memory } from "./cases/memory.ts";
import { pollCost } from "./cases/poll-cost.ts";
import { resume } from "./cases/resume.ts";
import { throughput } from "./cases/throughput.ts";
import { wireBytes } from "./cases/wire-bytes.ts";
import { formatLine } from "./report/case-line.ts";

/** In the order in which they run. */
const CASES: Readonly<Record<string, Case>> = {
  throughput,
  cpu,
  kms,
  "wire-bytes": wireBytes,
  "poll-cost": pollCost,
  latency,
  memory,
  resume,
};

interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
}

const program = new Command("pnpm bench")
  .description(
    "What the publisher costs: each case is measured anew and prints a line of JSON with its parameters, its figures,\n" +
      "the bar and whether it is met. Everything runs on loopback: an emulated SQL Server, local Kinesis and KMS, and the\n" +
      "publisher as it ships, each a process of its own. Needs Linux, for /proc; takes about three minutes on two cores.",
  )
  .addOption(new Option("--only <case...>", "run these cases alone").choices(Object.keys(CASES)).default([], "all"))
  .option("--quick", "fewer rows and one round: to see that it works, not to quote", false)
  .addHelpText(
    "after",
    "\nExit code: 0 when every case ran, whether it met its bar or not; 1 when one could not be run.",
  )
  .action(async ({ only, quick }: Options) => {
    for (const [name, measure] of Object.entries(CASES)) {
      if (only.length > 0 && !only.includes(name)) continue;
      try {
        const lines = await measure(quick ? QUICK : FULL);
        for (const line of lines) process.stdout.write(`${formatLine(line)}\n`);
      } catch (error) {
        process.stdout.write(`${JSON.stringify({ case: name, failed: (error as Error).message })}\n`);
        process.exitCode = 1;
      }
    }
  });

await program.parseAsync();
