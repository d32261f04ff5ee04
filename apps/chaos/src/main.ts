#!/usr/bin/env node
import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { type ChaosOptions, runChaos } from "./chaos.ts";

const program = new Command("pnpm chaos")
  .description(
    "Kills publishers with SIGKILL while people work in emulated databases, at each step of the pipeline and anywhere.\n" +
      "Ends with a verdict: what was audited against what a consumer of the stream gets.",
  )
  .addOption(new Option("--engine <name>", "which database").choices(["oracle", "sqlserver", "both"]).default("both"))
  .option("--kills <n>", "of all databases together", count, 20)
  .option("--failovers <n>", "role changes meanwhile, of all databases together", count, 0)
  .option("--rate <n>", "audited actions a second, in each database", count, 150)
  .option("--seed <n>", "decides who is killed, and where (default: random, and printed)", count)
  .option("--json", "one line of JSON at the end", false)
  .addHelpText(
    "after",
    "\nExit code: 0 when nothing is missing, nothing is doubled after dedupe, and on the stream only what stood in\n" +
      "calls that had no answer at a kill is doubled; 1 otherwise.",
  )
  .action(async (options: Omit<ChaosOptions, "seed"> & { readonly seed?: number }) => {
    const seed = options.seed ?? randomInt(2 ** 31);
    if (!options.json) process.stdout.write(`seed ${seed}\n\n`);
    process.exitCode = await runChaos({ ...options, seed });
  });

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("Not a whole number.");
  return value;
}

await program.parseAsync();
