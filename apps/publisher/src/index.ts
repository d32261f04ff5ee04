/** For the demo and the benchmark, which run the publisher as others do: as a process of its own. */
export const PUBLISHER_MAIN = new URL("./main.ts", import.meta.url);

export { openAwsClients } from "./aws/clients.ts";
export { eventLine, type LineStyle } from "./cli/event-line.ts";
