/**
 * Preloaded into a publisher (`node --import`), of which nothing knows about it: it writes down which PutRecords calls have
 * no answer, and ends the process at a step, as `kill -9` would.
 *
 * Parameters stand in its own URL: `engine`; `journal`, a path; `step` and `count`, where to die.
 */
import { isMainThread } from "node:worker_threads";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { Engine } from "@das/core";
import { DataKeyLender } from "@das/envelope";
import { PUBLISHER_MAIN } from "@das/publisher";
import { digestOf, JournalWriter, type PutRecord } from "./journal.ts";
import { replaceMethod } from "./replace-method.ts";
import { STEPS, type Step } from "./steps.ts";

// biome-ignore lint/suspicious/noExplicitAny: modules of the product that are named by their place, not by their types
type Modules = Readonly<Record<string, any>>;

/** Each with its own driver, so only the one that is needed. */
const READERS = {
  oracle: async () => {
    const { OracleAuditSource: source, OracleReader: reader } = await import("@das/oracle-reader");
    return { source, reader };
  },
  sqlserver: async () => {
    const { SqlServerAuditSource: source, SqlServerReader: reader } = await import("@das/sqlserver-reader");
    return { source, reader };
  },
} as const satisfies Record<Engine, unknown>;

/** Turns of the event loop that a call has been on its way for, so that some of it has left. */
const TURNS_ON_THE_WAY = 3;

const parameters = new URL(import.meta.url).searchParams;
// The sealing threads inherit the flags of the process.
if (isMainThread) await watch();

async function watch(): Promise<void> {
  const journal = new JournalWriter(parameters.get("journal") ?? "");
  const wanted = parameters.get("step") as Step | null;
  if (wanted !== null && !STEPS.includes(wanted)) throw new Error(`chaos: there is no step "${wanted}"`);
  let left = Number(parameters.get("count") ?? 1);
  const reached = (step: Step): void => {
    if (step !== wanted) return;
    left -= 1;
    if (left > 0) return;
    journal.write({ died: step });
    process.kill(process.pid, "SIGKILL");
  };
  await watchReading(reached);
  await watchPipeline(reached);
  await watchCalls(journal, reached);
}

async function watchReading(reached: (step: Step) => void): Promise<void> {
  const { source, reader } = await READERS[parameters.get("engine") as Engine]();
  replaceMethod(
    source,
    "read",
    (read) =>
      async function* (resume: (stop: AbortSignal) => unknown, ...rest) {
        const asked = async (stop: AbortSignal) => {
          reached("the stream is asked where to go on");
          const point = await resume(stop);
          reached("the stream has said where to go on");
          return point;
        };
        for await (const batch of read.call(this, asked, ...rest)) {
          if (batch.rows.length > 0) reached("rows were read");
          yield batch;
        }
      },
  );
  after(source, "acknowledged", () => reached("the reader was told"));
  after(reader, "toEvent", () => reached("a row was mapped"));
}

async function watchPipeline(reached: (step: Step) => void): Promise<void> {
  const [pack, seal, watermark] = await Promise.all(
    ["pack", "seal", "watermark"].map((name) => load(new URL(`./pipeline/${name}.ts`, PUBLISHER_MAIN).href)),
  );
  after(pack?.Packer, "close", () => reached("a record was closed"));
  after(pack?.Packer, "heartbeat", () => reached("a heartbeat was closed"));
  after(DataKeyLender, "lend", () => reached("a data key was lent"));
  after(seal?.Sealing, "seal", () => reached("a record was sealed"));
  after(watermark?.Watermark, "acknowledge", () => reached("the watermark moved"));
}

async function watchCalls(journal: JournalWriter, reached: (step: Step) => void): Promise<void> {
  const { Putting } = await load(new URL("./pipeline/put.ts", PUBLISHER_MAIN).href);
  const eventsOf = new WeakMap<Uint8Array, number>();
  replaceMethod(
    Putting,
    "put",
    (put) =>
      function (records, ...rest) {
        for (const { data, events } of records) {
          if (!Number.isInteger(events)) throw new Error("chaos: a record does not say how many events it holds");
          eventsOf.set(data, events);
        }
        return put.call(this, records, ...rest);
      },
  );
  let calls = 0;
  replaceMethod(
    KinesisClient,
    "send",
    (send) =>
      async function (command: unknown, ...rest) {
        if (!(command instanceof PutRecordsCommand)) return send.call(this, command, ...rest);
        calls += 1;
        const call = calls;
        const records = recordsOf(command, eventsOf);
        const holdsEvents = records.some(({ events }) => events > 0);
        const pass = (step: Step) => holdsEvents && reached(step);
        journal.write({ call, records });
        pass("a call is about to be sent");
        let isOver = false;
        const sent = send.call(this, command, ...rest).finally(() => {
          isOver = true;
        });
        const onItsWay = (turns: number): void => {
          if (isOver) return;
          if (turns === 0) pass("a call is on its way");
          else setImmediate(onItsWay, turns - 1);
        };
        onItsWay(TURNS_ON_THE_WAY);
        try {
          const answer = await sent;
          pass("a call was answered");
          journal.write({ answered: call });
          return answer;
        } catch (error) {
          // A refusal is an answer: nothing of the call is on the stream. Otherwise nobody knows.
          if (isRefusal(error)) journal.write({ answered: call });
          throw error;
        }
      },
  );
}

function isRefusal(error: unknown): boolean {
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return metadata?.httpStatusCode !== undefined;
}

function recordsOf({ input }: PutRecordsCommand, eventsOf: WeakMap<Uint8Array, number>): readonly PutRecord[] {
  return (input.Records ?? []).map(({ Data = new Uint8Array() }) => {
    const events = eventsOf.get(Data);
    if (events === undefined) throw new Error("chaos: a record is put that did not come through the pipeline");
    return { digest: digestOf(Data), events };
  });
}

/** Calls back when the method has returned, or what it promised is there. */
function after(type: Modules[string], name: string, then: () => void): void {
  replaceMethod(
    type,
    name,
    (original) =>
      function (...parts) {
        const result = original.apply(this, parts);
        if (!(result instanceof Promise)) {
          then();
          return result;
        }
        return result.then((value: unknown) => {
          then();
          return value;
        });
      },
  );
}

async function load(url: string): Promise<Modules> {
  return (await import(url)) as Modules;
}
