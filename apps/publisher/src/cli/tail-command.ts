import { readActivityStream, type StreamItem } from "@das/consumer";
import { streamNameOf, stringifyExact } from "@das/core";
import { openAwsClients } from "../aws/clients.ts";
import { environment } from "../env.ts";
import { eventLine } from "./event-line.ts";
import type { TailOptions } from "./options.ts";
import { stopOnSignals } from "./stop-signals.ts";
import { targetOf } from "./stream-target.ts";

/** Milliseconds between two looks at a shard: a person watches, and a shard answers five calls a second. */
const POLL_INTERVAL = 400;

/** `das tail`. @returns the exit code. @throws ConfigurationError, RefusedError */
export async function tailCommand(options: TailOptions): Promise<number> {
  const { resourceId, region } = targetOf("das tail", options);
  using aws = openAwsClients(region);
  using stopping = stopOnSignals();
  const enough = new AbortController();
  const output = openOutput(() => enough.abort());
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const items = readActivityStream({
    kinesis: aws.kinesis,
    kms: aws.kms,
    stream: streamNameOf(resourceId),
    resourceId,
    from: options.from instanceof Date ? { time: options.from } : options.from,
    pollInterval: POLL_INTERVAL,
    signal: AbortSignal.any([stopping, enough.signal]),
  });
  for await (const item of items) {
    if (item.kind !== "events") {
      reportItem(item, options);
      continue;
    }
    const events = item.events.slice(0, left);
    left -= events.length;
    const lines = options.json
      ? events.map((event) => stringifyExact(event))
      : events.map((event) => eventLine(event, styleOf(options)));
    await output(lines.map((line) => `${line}\n`).join(""));
    if (left <= 0) enough.abort();
  }
  return 0;
}

/** What is no event goes to standard error, so that standard output holds events and nothing else. */
function reportItem(item: Exclude<StreamItem, { kind: "events" }>, options: TailOptions): void {
  if (item.kind === "heartbeat") {
    if (options.heartbeats) process.stderr.write(`heartbeat ${item.shardId} ${item.sequenceNumber}\n`);
  } else if (item.kind === "unreadable") {
    process.stderr.write(
      `das tail: record ${item.sequenceNumber} in ${item.shardId} cannot be opened: ${item.reason}\n`,
    );
  } else {
    process.stderr.write(
      `das tail: ${item.shardId} left the stream before it was read to its end (after ${item.lastSequenceNumber ?? "nothing"}): its retention is over\n`,
    );
  }
}

function styleOf(options: TailOptions) {
  const isTerminal = process.stdout.isTTY;
  const color = isTerminal && options.color && !environment.NO_COLOR;
  return { color, width: isTerminal ? process.stdout.columns : 400 };
}

/** Writes with back-pressure; when whoever reads has gone (`… | head`), ends instead of failing. */
function openOutput(onClosed: () => void): (text: string) => Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    onClosed();
  });
  return (text) =>
    text === "" || process.stdout.write(text)
      ? Promise.resolve()
      : new Promise((resolve) => {
          process.stdout.once("drain", resolve);
          process.stdout.once("error", () => resolve());
        });
}
