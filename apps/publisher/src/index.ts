/** For the demo and the benchmark, which run the publisher as others do: as a process of its own. */
export const PUBLISHER_MAIN = new URL("./main.ts", import.meta.url);

/**
 * Flags of Node that bound the publisher's memory. It makes much garbage and keeps little: without them V8 lets the heap
 * grow to several times of what lives. The `das` script and the first line of main.ts carry the same.
 */
export const PUBLISHER_NODE_FLAGS = ["--max-semi-space-size=8", "--max-old-space-size=192"];

export { openAwsClients } from "./aws/clients.ts";
export { eventLine, type LineStyle } from "./cli/event-line.ts";
export { KinesisMemory } from "./stream/kinesis-memory.ts";
