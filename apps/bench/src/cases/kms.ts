import { randomBytes } from "node:crypto";
import type {
  DecryptCommand,
  DecryptCommandOutput,
  GenerateDataKeyCommand,
  GenerateDataKeyCommandOutput,
} from "@aws-sdk/client-kms";
import { DataKeyLender, type KmsClient } from "@das/envelope";
import { median } from "../report/statistics.ts";
import { backlogRounds } from "./backlog-rounds.ts";
import type { Case } from "./case.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** GenerateDataKey calls an hour. */
const BAR = 12;
const HOUR = 3_600_000;
/** Milliseconds between two records of a steady stream. */
const RECORD_INTERVAL = 1_000;

/** How often KMS is called. */
export const kms: Case = async (scale) => {
  const { withoutNativeFields, parameters } = await backlogRounds(scale);
  const calls = await callsOf(scale.kmsHours);
  return [
    {
      case: "kms",
      measures:
        "GenerateDataKey calls: per run of the throughput case, counted by the server; and per hour of steady use " +
        "under a virtual clock, a record a second, with the real DataKeyLender",
      parameters: { ...parameters.withoutNativeFields, virtualHours: scale.kmsHours },
      figures: {
        callsPerBacklog: median(withoutNativeFields.map(({ publisher }) => publisher.generateDataKeyCalls)),
        secondsPerBacklog: median(withoutNativeFields.map(({ publisher }) => publisher.secondsFromStart)),
        callsPerHour: calls / scale.kmsHours,
      },
      bar: { callsPerHour: BAR },
    },
  ];
};

async function callsOf(hours: number): Promise<number> {
  const clock = new VirtualClock();
  const client = new CountingKms();
  using lender = new DataKeyLender({
    kms: client,
    keyId: "alias/bench",
    resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    clock,
  });
  while (clock.monotonic() < hours * HOUR) {
    const lease = await lender.lend();
    lease[Symbol.dispose]();
    await clock.advance(RECORD_INTERVAL);
  }
  return client.calls;
}

class CountingKms implements KmsClient {
  calls = 0;

  send(command: GenerateDataKeyCommand): Promise<GenerateDataKeyCommandOutput>;
  send(command: DecryptCommand): Promise<DecryptCommandOutput>;
  async send(): Promise<object> {
    this.calls += 1;
    return { $metadata: {}, CiphertextBlob: randomBytes(184), Plaintext: randomBytes(32) };
  }
}
