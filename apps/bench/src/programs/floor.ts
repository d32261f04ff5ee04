/**
 * The floor under what a publisher can cost: JSON.stringify, gzip level 1 and AES-256-GCM of the same lists of events,
 * and nothing else. Nobody who sends compressed, encrypted JSON goes below it.
 */
import { createCipheriv, randomBytes } from "node:crypto";
import { constants, gzipSync } from "node:zlib";
import { serve } from "../processes/program.ts";

export type FloorProgram = typeof program;

let events: readonly unknown[] = [];
const key = randomBytes(32);

const program = {
  /** @param json the events as one JSON array */
  load(json: string): void {
    events = JSON.parse(json);
  },

  /** CPU seconds an event costs, in lists of so many: all events, as often as the time allows. */
  measure(eventsPerRecord: number, seconds: number): number {
    const lists: object[] = [];
    for (let from = 0; from < events.length; from += eventsPerRecord) {
      lists.push({ databaseActivityEventList: events.slice(from, from + eventsPerRecord) });
    }
    const begin = process.cpuUsage();
    for (let count = events.length; ; count += events.length) {
      for (const list of lists) sealBarely(list);
      const { user, system } = process.cpuUsage(begin);
      const used = (user + system) / 1e6;
      if (used >= seconds) return used / count;
    }
  },
};

function sealBarely(list: object): void {
  const compressed = gzipSync(JSON.stringify(list), { level: constants.Z_BEST_SPEED });
  const cipher = createCipheriv("aes-256-gcm", key, randomBytes(12));
  cipher.update(compressed);
  cipher.final();
  cipher.getAuthTag();
}

serve(program);
