import { AwsError, invalidArgument } from "../aws-error.ts";

/** Where a reader is. The text is opaque to it, and good for five minutes. */
export interface ShardIterator {
  readonly createdAt: number;
  readonly streamArn: string;
  /** Tells the stream from a later one of the same name. */
  readonly streamCreatedAt: number;
  readonly shard: number;
  readonly position: number;
}

const LIFETIME = 300_000;

export function formatIterator(iterator: ShardIterator): string {
  const { createdAt, streamArn, streamCreatedAt, shard, position } = iterator;
  return Buffer.from(`1 ${createdAt} ${streamArn} ${streamCreatedAt} ${shard} ${position}`).toString("base64");
}

export function parseIterator(text: string): ShardIterator | undefined {
  const parts = /^1 (\d+) (\S+) (\d+) (\d+) (\d+)$/.exec(Buffer.from(text, "base64").toString());
  if (!parts) return undefined;
  const [, createdAt, streamArn = "", streamCreatedAt, shard, position] = parts;
  return {
    createdAt: Number(createdAt),
    streamArn,
    streamCreatedAt: Number(streamCreatedAt),
    shard: Number(shard),
    position: Number(position),
  };
}

/** @throws InvalidArgumentException, ExpiredIteratorException */
export function requireIterator(text: string, now: number): ShardIterator {
  const iterator = parseIterator(text);
  if (!iterator) throw invalidArgument("Invalid ShardIterator.");
  if (now - iterator.createdAt > LIFETIME) {
    throw new AwsError(
      "ExpiredIteratorException",
      `Iterator expired. The iterator was created at time ${javaDate(iterator.createdAt)} while right now it is ${javaDate(now)} which is further in the future than the tolerated delay of ${LIFETIME} milliseconds.`,
    );
  }
  return iterator;
}

/** `Thu Jan 22 01:22:02 UTC 2015` */
function javaDate(time: number): string {
  const [weekday = "", day, month, year, clock] = new Date(time).toUTCString().split(" ");
  return `${weekday.replace(",", "")} ${month} ${day} ${clock} UTC ${year}`;
}
