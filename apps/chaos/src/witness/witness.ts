/**
 * Preloaded into a publisher (`node --import`), of which nothing knows about it: it writes down which PutRecords calls have
 * no answer, and ends the process at a step, as `kill -9` would.
 *
 * Parameters stand in its own URL: `engine`; `journal`, a path; `step` and `count`, where to die.
 */
import { flushCompileCache } from "node:module";
import { isMainThread } from "node:worker_threads";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { AuditBatch, Engine, Resume } from "@das/core";
import { DataKeyLender } from "@das/envelope";
import { PUBLISHER_MAIN } from "@das/publisher";
import { digestOf, JournalWriter, type PutRecord } from "./journal.ts";
import { afterMethod, replaceMethod, type Type } from "./replace-method.ts";
import { STEPS, type Step } from "./steps.ts";

type Reached = (step: Step) => void;

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
  const reached: Reached = (step) => {
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

async function watchReading(reached: Reached): Promise<void> {
  const { source, reader } = await READERS[parameters.get("engine") as Engine]();
  replaceMethod(
    source,
    "read",
    (read) =>
      async function* (...parts) {
        const [resume, signal] = parts as [Resume, AbortSignal];
        const asked: Resume = async (stop) => {
          reached("the stream is asked where to go on");
          const point = await resume(stop);
          reached("the stream has said where to go on");
          return point;
        };
        for await (const batch of read.call(this, asked, signal) as AsyncIterable<AuditBatch<unknown>>) {
          if (batch.rows.length > 0) reached("rows were read");
          yield batch;
        }
      },
  );
  afterMethod(source, "acknowledged", () => reached("the reader was told"));
  afterMethod(reader, "toEvent", () => reached("a row was mapped"));
}

async function watchPipeline(reached: Reached): Promise<void> {
  const { Packer } = await pipelineModule("pack");
  const { Sealing } = await pipelineModule("seal");
  const { Watermark } = await pipelineModule("watermark");
  afterMethod(Packer, "close", () => reached("a record was closed"));
  afterMethod(Packer, "heartbeat", () => reached("a heartbeat was closed"));
  afterMethod(DataKeyLender, "lend", () => reached("a data key was lent"));
  afterMethod(Sealing, "seal", () => reached("a record was sealed"));
  afterMethod(Watermark, "acknowledge", () => reached("the watermark moved"));
}

async function watchCalls(journal: JournalWriter, reached: Reached): Promise<void> {
  const eventsOf = await watchRecords();
  let calls = 0;
  replaceMethod(
    KinesisClient,
    "send",
    (send) =>
      async function (...parts) {
        const [command] = parts;
        if (!(command instanceof PutRecordsCommand)) return send.apply(this, parts);
        calls += 1;
        const call = calls;
        // By now everything is loaded; who is killed cannot do it at its end, as Node would.
        if (call === 1) flushCompileCache();
        const records = recordsOf(command, eventsOf);
        const pass: Reached = (step) => {
          if (records.some(({ events }) => events > 0)) reached(step);
        };
        journal.write({ call, records });
        pass("a call is about to be sent");
        try {
          const sent = send.apply(this, parts) as Promise<unknown>;
          passOnItsWay(sent, () => pass("a call is on its way"));
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

/** @returns how many events a record that is put holds, by its bytes: they are the same ones whenever it is put again */
async function watchRecords(): Promise<WeakMap<Uint8Array, number>> {
  const { Putting } = await pipelineModule("put");
  const eventsOf = new WeakMap<Uint8Array, number>();
  replaceMethod(
    Putting,
    "put",
    (put) =>
      function (...parts) {
        const [records] = parts as [readonly { readonly data: Uint8Array; readonly events?: unknown }[]];
        for (const { data, events } of records) {
          if (typeof events !== "number") throw new Error("chaos: a record does not say how many events it holds");
          eventsOf.set(data, events);
        }
        return put.apply(this, parts);
      },
  );
  return eventsOf;
}

function recordsOf({ input }: PutRecordsCommand, eventsOf: WeakMap<Uint8Array, number>): readonly PutRecord[] {
  return (input.Records ?? []).map(({ Data = new Uint8Array() }) => {
    const events = eventsOf.get(Data);
    if (events === undefined) throw new Error("chaos: a record is put that did not come through the pipeline");
    return { digest: digestOf(Data), events };
  });
}

function passOnItsWay(sent: Promise<unknown>, pass: () => void): void {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  sent.then(end, end);
  const turn = (left: number): void => {
    if (isOver) return;
    if (left === 0) pass();
    else setImmediate(turn, left - 1);
  };
  turn(TURNS_ON_THE_WAY);
}

function isRefusal(error: unknown): boolean {
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return metadata?.httpStatusCode !== undefined;
}

async function pipelineModule(name: string): Promise<Readonly<Record<string, Type | undefined>>> {
  return await import(new URL(`./pipeline/${name}.ts`, PUBLISHER_MAIN).href);
}
