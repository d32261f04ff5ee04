import { EventMemory, readOrderedEvents, StreamAccount } from "@das/consumer";
import { streamNameOf } from "@das/core";
import { openAwsClients } from "../aws/clients.ts";
import { environment } from "../env.ts";
import { countHoles, judgeHoles } from "./judge-holes.ts";
import type { VerifyOptions } from "./options.ts";
import { stopOnSignals } from "./stop-signals.ts";
import { targetOf } from "./stream-target.ts";
import { doublesIn, type Verification, verifyText } from "./verify-text.ts";

/** `das verify`. @returns the exit code: 1 when there is an open hole. @throws ConfigurationError, RefusedError */
export async function verifyCommand(options: VerifyOptions): Promise<number> {
  const { resourceId, region } = targetOf("das verify", options);
  using aws = openAwsClients(region);
  using stopping = stopOnSignals();
  const readUntil = new Date();
  const account = new StreamAccount();
  const memory = new EventMemory();
  const items = readOrderedEvents({
    kinesis: aws.kinesis,
    kms: aws.kms,
    stream: streamNameOf(resourceId),
    resourceId,
    from: options.from instanceof Date ? { time: options.from } : options.from,
    until: readUntil,
    memory,
    account,
    signal: stopping,
  });
  // The account is all that is wanted of what comes.
  for await (const _ of items);
  if (stopping.aborted) return 1;
  const verification = {
    stream: streamNameOf(resourceId),
    readFrom: options.from,
    readUntil,
    report: account.report(),
    horizon: memory.horizon,
  };
  const color = Boolean(process.stdout.isTTY) && options.color && !environment.NO_COLOR;
  process.stdout.write(options.json ? verifyJson(verification) : verifyText(verification, { color }));
  return countHoles(verification.report, judgeHoles(verification.report, readUntil)).open > 0 ? 1 : 0;
}

/** One object: the sum first, then all that the account knows, each hole with its verdict. */
function verifyJson({ report, horizon, readUntil, ...what }: Verification): string {
  const judged = judgeHoles(report, readUntil);
  const verdicts = new Map(judged.map(({ hole, verdict }) => [hole, verdict]));
  const generations = report.generations.map(({ sources, ...generation }) => ({
    ...generation,
    sources: sources.map((source) => ({
      ...source,
      holes: source.holes.map((hole) => ({ ...hole, verdict: verdicts.get(hole) })),
    })),
  }));
  const doubles = { dropped: doublesIn(report), ...horizon };
  const sum = { ...what, readUntil, holes: countHoles(report, judged), doubles };
  return `${JSON.stringify({ ...sum, ...report, generations }, undefined, 2)}\n`;
}
