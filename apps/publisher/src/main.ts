#!/usr/bin/env -S node --max-semi-space-size=8 --max-old-space-size=192
import { runCommandLine } from "./cli/program.ts";

process.exitCode = await runCommandLine(process.argv);
