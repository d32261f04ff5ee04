#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from "commander";
import { type DemoOptions, runDemo } from "./demo.ts";

const program = new Command("pnpm start")
  .description(
    "Database activity streams, live: emulated databases with their workloads, each a primary and a standby, local " +
      "Kinesis and KMS, and a real publisher for each instance. One publisher is killed, then the primaries go down and " +
      "the standbys take over. Ends with a table that compares what was audited with what reached the streams.",
  )
  .addOption(new Option("--engine <name>", "which database").choices(["oracle", "sqlserver", "both"]).default("both"))
  .option("--seconds <n>", "how long the workload runs: a kill after a quarter, failover half-way", positive, 20)
  .option("--rate <n>", "audited rows a second, of all databases together", positive, 200)
  .option("--seed <n>", "of the workload", positive, 1)
  .option("--hold", "keep everything running until it is interrupted, to try a consumer of your own", false)
  .option("--json", "no live view: the first line says how to reach the streams, the last one what arrived", false)
  .addHelpText(
    "after",
    "\nExit code: 0 when everything that was audited is on the streams, once, and no publisher failed; 1 otherwise.",
  )
  .action(async (options: DemoOptions) => {
    process.exitCode = await runDemo(options);
  });

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("Not a number above 0.");
  return value;
}

await program.parseAsync();
