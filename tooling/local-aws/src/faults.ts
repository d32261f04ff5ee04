import type { Principal } from "./access.ts";
import type { ServiceName } from "./operation.ts";
import { randomFrom } from "./random.ts";

/**
 * What goes wrong, as scripted: which calls, how often, and how. The same calls in the same order meet the same faults;
 * nothing is left to chance but where a fault asks for it, and then by its seed.
 */

/** A call as a fault sees it, before its input was checked. */
export interface ObservedCall {
  readonly service: ServiceName;
  readonly operation: string;
  readonly stream: string | undefined;
  readonly principal: Principal;
  readonly input: unknown;
}

/** Which calls a fault is for; every member that is given has to fit. */
export interface CallPattern {
  readonly service?: ServiceName;
  readonly operation?: string;
  /** The name of a Kinesis stream. */
  readonly stream?: string;
  /** An access key id or a user name. */
  readonly principal?: string;
  readonly where?: (call: ObservedCall) => boolean;
  /** So many fitting calls pass first. Default 0. */
  readonly after?: number;
  /** So many calls then meet the fault: fail by it, or have a record that does. Default 1; Infinity: until it is removed. */
  readonly times?: number;
  /** Of these calls only some, drawn with this seed. */
  readonly chance?: { readonly probability: number; readonly seed: number };
}

/** One record of a PutRecords call. */
export interface ObservedRecord {
  /** Its place in the call. */
  readonly index: number;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly shardId: string;
}

export interface RecordFailure {
  readonly errorCode: "ProvisionedThroughputExceededException" | "InternalFailure";
  /** Default: AWS's message for the code. */
  readonly message?: string;
  /** The record is stored all the same, so that putting it again doubles it. Default false. */
  readonly stored?: boolean;
}

export interface CallFailure {
  readonly errorType: string;
  readonly message?: string;
  /** Default 400. */
  readonly status?: number;
}

/** When a call takes effect, seen from the fault. */
export type Moment = "before" | "after";

/** What was scripted for one call. */
export interface CallScript {
  readonly delay: Readonly<Record<Moment, number>>;
  readonly drop?: Moment;
  readonly failure?: CallFailure;
  readonly failRecord?: (record: ObservedRecord) => RecordFailure | undefined;
  /** GetRecords finds nothing here and stays where it is, as AWS says may happen anywhere in a shard. */
  readonly emptyRead: boolean;
}

type Effect =
  | { readonly kind: "fail"; readonly failure: CallFailure }
  | { readonly kind: "drop"; readonly moment: Moment }
  | { readonly kind: "delay"; readonly moment: Moment; readonly milliseconds: number }
  | { readonly kind: "records"; readonly fails: (record: ObservedRecord) => boolean; readonly failure: RecordFailure }
  | { readonly kind: "empty" };

/** A fault that was scripted. */
export interface Fault {
  /** Calls that have met it so far. */
  readonly hits: number;
  remove(): void;
}

export class Faults {
  readonly #faults = new Set<ScriptedFault>();
  readonly #holdTags: (stream: string, milliseconds: number) => void;

  /** @param holdTags lets a stream answer with the tags that it has now for a while */
  constructor(holdTags: (stream: string, milliseconds: number) => void) {
    this.#holdTags = holdTags;
  }

  /** Calls are answered with an error and have no effect. */
  failCalls(pattern: CallPattern, failure: CallFailure): Fault {
    return this.#add(pattern, { kind: "fail", failure });
  }

  /**
   * The connection ends without an answer: before the call takes effect, or after, and then the caller never learns that
   * it did.
   */
  dropCalls(pattern: CallPattern, moment: Moment): Fault {
    return this.#add(pattern, { kind: "drop", moment });
  }

  /** Calls take longer; several delays of one call add up. */
  delayCalls(pattern: CallPattern, milliseconds: number, moment: Moment = "before"): Fault {
    return this.#add(pattern, { kind: "delay", moment, milliseconds });
  }

  /**
   * Records of PutRecords calls fail one by one, while the call itself succeeds.
   * @param which their places in the call, or a choice
   */
  failRecords(
    pattern: Omit<CallPattern, "service" | "operation">,
    which: readonly number[] | ((record: ObservedRecord) => boolean),
    failure: RecordFailure,
  ): Fault {
    const fails = typeof which === "function" ? which : (record: ObservedRecord) => which.includes(record.index);
    return this.#add({ ...pattern, service: "kinesis", operation: "PutRecords" }, { kind: "records", fails, failure });
  }

  /** GetRecords returns nothing although there are records, and an iterator to go on with. */
  emptyReads(pattern: Omit<CallPattern, "service" | "operation">): Fault {
    return this.#add({ ...pattern, service: "kinesis", operation: "GetRecords" }, { kind: "empty" });
  }

  /**
   * From now on and for a while ListTagsForStream answers with the tags as they are now, whatever is changed meanwhile.
   * @param stream the name of a stream of the server's own account
   */
  staleTags(stream: string, milliseconds: number): void {
    this.#holdTags(stream, milliseconds);
  }

  /** Removes every fault but stale tags. */
  clear(): void {
    this.#faults.clear();
  }

  /**
   * What this call meets. One failure or drop decides it, the one that was scripted first; the others have seen the call
   * but wait for the next, and so do faults inside a call that comes to nothing.
   */
  scriptOf(call: ObservedCall): CallScript {
    const ready = [...this.#faults].filter((fault) => fault.isReadyFor(call));
    const delay = { before: 0, after: 0 };
    for (const { effect, meet } of ready.flatMap((fault) => fault.as("delay"))) {
      meet();
      delay[effect.moment] += effect.milliseconds;
    }
    const [decided] = ready.flatMap((fault) => [...fault.as("fail"), ...fault.as("drop")]);
    decided?.meet();
    const decision = decided?.effect;
    if (decision?.kind === "fail") return { delay, failure: decision.failure, emptyRead: false };
    if (decision?.moment === "before") return { delay, drop: "before", emptyRead: false };
    const records = ready.flatMap((fault) => fault.as("records"));
    const [empty] = ready.flatMap((fault) => fault.as("empty"));
    empty?.meet();
    return {
      delay,
      ...(decision && { drop: decision.moment }),
      ...(records.length > 0 && { failRecord: (record) => firstFailure(records, record) }),
      emptyRead: empty !== undefined,
    };
  }

  #add(pattern: CallPattern, effect: Effect): Fault {
    const fault = new ScriptedFault(pattern, effect);
    this.#faults.add(fault);
    return {
      get hits() {
        return fault.hits;
      },
      remove: () => void this.#faults.delete(fault),
    };
  }
}

/** A fault that a call can meet. */
interface Meeting<Kind extends Effect["kind"]> {
  readonly effect: Extract<Effect, { kind: Kind }>;
  /** To be called when it does; counts once a call. */
  readonly meet: () => void;
}

function firstFailure(meetings: readonly Meeting<"records">[], record: ObservedRecord): RecordFailure | undefined {
  const meeting = meetings.find(({ effect }) => effect.fails(record));
  meeting?.meet();
  return meeting?.effect.failure;
}

class ScriptedFault {
  hits = 0;
  readonly #pattern: CallPattern;
  readonly #effect: Effect;
  readonly #random: () => number;
  #seen = 0;

  constructor(pattern: CallPattern, effect: Effect) {
    this.#pattern = pattern;
    this.#effect = effect;
    this.#random = randomFrom(pattern.chance?.seed ?? 0);
  }

  /** Can this call meet it? Each call is asked about once, for they are counted. */
  isReadyFor(call: ObservedCall): boolean {
    const { after = 0, times = 1, chance } = this.#pattern;
    if (!fits(this.#pattern, call)) return false;
    this.#seen += 1;
    if (this.#seen <= after || this.hits >= times) return false;
    return chance === undefined || this.#random() < chance.probability;
  }

  /** Itself when it is of this kind, else nothing. */
  as<Kind extends Effect["kind"]>(kind: Kind): Meeting<Kind>[] {
    if (this.#effect.kind !== kind) return [];
    let met = false;
    const meet = (): void => {
      if (!met) this.hits += 1;
      met = true;
    };
    return [{ effect: this.#effect as Extract<Effect, { kind: Kind }>, meet }];
  }
}

function fits(pattern: CallPattern, call: ObservedCall): boolean {
  const { principal } = call;
  return (
    (pattern.service === undefined || pattern.service === call.service) &&
    (pattern.operation === undefined || pattern.operation === call.operation) &&
    (pattern.stream === undefined || pattern.stream === call.stream) &&
    (pattern.principal === undefined || [principal.accessKeyId, principal.userName].includes(pattern.principal)) &&
    (pattern.where === undefined || pattern.where(call))
  );
}
