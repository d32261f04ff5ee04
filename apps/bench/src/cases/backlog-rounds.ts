import { join } from "node:path";
import { stringifyExact } from "@das/core";
import { MIX_SEED, MIX_VERSION } from "../mix/event-mix.ts";
import { meanJsonBytes, readMix } from "../mix/read-mix.ts";
import { Child } from "../processes/child.ts";
import { temporaryDirectory } from "../processes/lifetime.ts";
import type { DriverProgram, DriverRun } from "../programs/driver.ts";
import type { EmulatorProgram } from "../programs/emulator.ts";
import type { FloorProgram } from "../programs/floor.ts";
import type { LocalAwsProgram } from "../programs/local-aws.ts";
import { DRIVER, EMULATOR, FLOOR, LOCAL_AWS } from "../programs/programs.ts";
import { type BacklogRun, publishBacklog, type Servers } from "../publisher/publish-backlog.ts";
import { SAMPLE_EVENTS, type Scale } from "./case.ts";

/** One variant of one round, with the bare driver beside it. */
export interface BacklogRound {
  readonly publisher: BacklogRun;
  readonly driver: DriverRun;
  /** CPU seconds an event, in lists of 100, and of as many as a record of the publisher had. */
  readonly floorAt100: number;
  readonly floorAtPublisherSize: number;
}

export interface BacklogRounds {
  readonly withoutNativeFields: readonly BacklogRound[];
  readonly withNativeFields: readonly BacklogRound[];
  readonly parameters: Readonly<Record<Variant, Readonly<Record<string, string | number | boolean>>>>;
}

export type Variant = "withoutNativeFields" | "withNativeFields";
export const VARIANTS: readonly Variant[] = ["withoutNativeFields", "withNativeFields"];

/** CPU seconds that one figure of the floor takes. */
const FLOOR_SECONDS = 0.4;

/** Room for all rows of a backlog as the server encodes them. */
const ENCODED_BYTES = 256 * 1_048_576;

const done = new Map<Scale, Promise<BacklogRounds>>();

/** The same rounds for every case that asks: throughput, cpu and kms look at different sides of them. */
export function backlogRounds(scale: Scale): Promise<BacklogRounds> {
  let rounds = done.get(scale);
  if (!rounds) {
    rounds = run(scale);
    done.set(scale, rounds);
  }
  return rounds;
}

/** Publisher, driver and floor take turns, so a neighbour of this machine slows all of them alike. */
async function run({ backlogRows, rounds }: Scale): Promise<BacklogRounds> {
  await using emulator = new Child<EmulatorProgram>(EMULATOR);
  await using localAws = new Child<LocalAwsProgram>(LOCAL_AWS);
  await using floor = new Child<FloorProgram>(FLOOR);
  // All rows stay encoded: the server must not be what limits driver and publisher.
  const started = await emulator.ask("start", { rows: backlogRows, encodedBytes: ENCODED_BYTES });
  const servers: Servers = {
    emulator: { program: emulator, address: started },
    aws: { program: localAws, address: await localAws.ask("start", join(temporaryDirectory(), "aws")) },
    rows: started.rows,
    otherRows: started.otherRows,
  };
  const mix = await readMix(started, SAMPLE_EVENTS);
  // Not counted: the server encodes its rows for the first time.
  await readWithDriver(servers);
  const measured: Record<Variant, BacklogRound[]> = { withoutNativeFields: [], withNativeFields: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of VARIANTS) {
      const publisher = await publishBacklog(servers, variant === "withNativeFields");
      const driver = await readWithDriver(servers);
      await floor.ask("load", stringifyExact(mix[variant]));
      const publisherSize = Math.round(publisher.events / publisher.records);
      measured[variant].push({
        publisher,
        driver,
        floorAt100: await floor.ask("measure", 100, FLOOR_SECONDS),
        floorAtPublisherSize: await floor.ask("measure", publisherSize, FLOOR_SECONDS),
      });
    }
  }
  const parameters = (variant: Variant) => ({
    rows: started.rows,
    rounds,
    meanJsonBytes: Math.round(meanJsonBytes(mix[variant])),
    nativeAuditFields: variant === "withNativeFields",
    version: MIX_VERSION,
    seed: MIX_SEED,
    mix: mix.digest,
    tls: true,
  });
  return {
    ...measured,
    parameters: {
      withoutNativeFields: parameters("withoutNativeFields"),
      withNativeFields: parameters("withNativeFields"),
    },
  };
}

async function readWithDriver({ emulator, rows }: Servers): Promise<DriverRun> {
  await using driver = new Child<DriverProgram>(DRIVER);
  const run = await driver.ask("read", emulator.address, await emulator.program.ask("lastRead"), rows);
  if (run.rows !== rows) throw new Error(`the driver read ${run.rows} of ${rows} rows`);
  return run;
}
