import { join } from "node:path";
import { MIX_SEED, MIX_VERSION } from "../mix/event-mix.ts";
import { Child } from "../processes/child.ts";
import { temporaryDirectory } from "../processes/lifetime.ts";
import type { EmulatorProgram } from "../programs/emulator.ts";
import type { LocalAwsProgram } from "../programs/local-aws.ts";
import { EMULATOR, LOCAL_AWS } from "../programs/programs.ts";
import { publishBacklog } from "../publisher/publish-backlog.ts";
import type { Case } from "./case.ts";

/** MiB */
const BAR = 300;

/** How much memory a large backlog takes. */
export const memory: Case = async ({ memoryRows }) => {
  await using emulator = new Child<EmulatorProgram>(EMULATOR);
  await using localAws = new Child<LocalAwsProgram>(LOCAL_AWS);
  const address = await emulator.ask("start", { rows: memoryRows });
  const run = await publishBacklog(
    {
      emulator: { program: emulator, address },
      aws: { program: localAws, address: await localAws.ask("start", join(temporaryDirectory(), "aws-memory")) },
      rows: address.rows,
      otherRows: address.otherRows,
    },
    true,
  );
  return [
    {
      case: "memory",
      measures:
        "the most memory that was resident at once in the publisher's process (VmHWM) while it worked off a backlog",
      parameters: {
        rows: address.rows,
        nativeAuditFields: true,
        version: MIX_VERSION,
        seed: MIX_SEED,
        tls: true,
      },
      figures: {
        peakMemoryMiB: run.peakMemory,
        backlogMiB: run.bytes / 1_048_576,
        seconds: run.seconds,
        eventsPerSecond: run.events / run.seconds,
      },
      bar: { peakMemoryMiB: BAR },
    },
  ];
};
