import { randomUUID } from "node:crypto";
import type { AccessControl, Principal } from "./access.ts";
import { AwsError } from "./aws-error.ts";
import { encodeCborError } from "./cbor-error.ts";
import type { Clock } from "./clock.ts";
import type { Counters, Tally } from "./counters.ts";
import type { CallScript, Faults } from "./faults.ts";
import { type Operation, SERVICE_NAMES, type Service, type ServiceName } from "./operation.ts";
import { type SignedRequest, verifySignature } from "./signature.ts";

/** What is sent back; undefined: nothing, the connection ends. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface DispatcherParts {
  readonly region: string;
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly access: AccessControl;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly clock: Clock;
  /** The time that callers sign with; apart from the clock, which tests move. */
  readonly signingTime: () => number;
}

interface Call {
  readonly service: ServiceName;
  readonly name: string;
  readonly run: Operation;
}

const JSON_TYPE = "application/x-amz-json-1.1";
const CBOR_TYPE = "application/x-amz-cbor-1.1";

/** From one HTTP request to one answer: who calls what, what was scripted for it, what became of it. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  async answer(request: SignedRequest): Promise<Answer | undefined> {
    try {
      const call = this.#callOf(request);
      const principal = this.#callerOf(request, call);
      return await this.#perform(call, principal, parseBody(request.body));
    } catch (error) {
      return failed(error, request.headers["content-type"]);
    }
  }

  #callOf(request: SignedRequest): Call {
    if (request.method !== "POST") {
      throw new AwsError("AccessDeniedException", "Unable to determine service/operation name to be authorized", 403);
    }
    const type = request.headers["content-type"]?.split(";")[0]?.trim();
    if (type === CBOR_TYPE) {
      throw new AwsError(
        "UnsupportedMediaType",
        "local-aws speaks JSON and no CBOR: set AWS_CBOR_DISABLE=true (Java), or use a client that sends application/x-amz-json-1.1",
        415,
      );
    }
    const target = request.headers["x-amz-target"];
    const [prefix, name = ""] = (typeof target === "string" ? target : "").split(".");
    for (const service of SERVICE_NAMES) {
      const { target: expected, operations } = this.#parts.services[service];
      const run = prefix === expected && Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (run && type === JSON_TYPE) return { service, name, run };
    }
    throw new AwsError("UnknownOperationException", `local-aws has no operation ${String(target)}`);
  }

  #callerOf(request: SignedRequest, call: Call): Principal {
    const { region, access, signingTime } = this.#parts;
    const scope = { region, service: call.service, now: signingTime() };
    return verifySignature(request, scope, (accessKeyId) => access.principal(accessKeyId));
  }

  async #perform(call: Call, principal: Principal, input: unknown): Promise<Answer | undefined> {
    const { services, faults, counters, clock } = this.#parts;
    const { service, name } = call;
    const stream = services[service].streamOf(input);
    const script = faults.scriptOf({ service, operation: name, stream, principal, input });
    const tally: Tally = { records: 0, bytes: 0, failedRecords: 0 };
    try {
      const output = await this.#run(call, principal, input, tally, script);
      counters.add(service, name, tally, output.dropped ? "dropped" : "answered");
      return output.dropped ? undefined : succeeded(output.result);
    } catch (error) {
      counters.add(service, name, tally, { error: error instanceof AwsError ? error.type : "InternalFailure" });
      throw error;
    } finally {
      if (script.delay.after > 0) await clock.sleep(script.delay.after);
    }
  }

  async #run(
    call: Call,
    principal: Principal,
    input: unknown,
    tally: Tally,
    script: CallScript,
  ): Promise<{ dropped: boolean; result?: object | undefined }> {
    const { clock } = this.#parts;
    if (script.delay.before > 0) await clock.sleep(script.delay.before);
    if (script.drop === "before") return { dropped: true };
    if (script.failure) {
      const { errorType, message = "Scripted by a test.", status } = script.failure;
      throw new AwsError(errorType, message, status);
    }
    const result = call.run(input, { principal, now: clock.now(), tally, script });
    return { dropped: script.drop === "after", result };
  }
}

function parseBody(body: Buffer): unknown {
  try {
    const input: unknown = JSON.parse(body.toString());
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input;
  } catch {
    // Told below, in AWS's way.
  }
  throw new AwsError("SerializationException", "The request is no JSON object.");
}

function succeeded(result: object | undefined): Answer {
  return { status: 200, headers: headersFor(JSON_TYPE), body: result === undefined ? "" : JSON.stringify(result) };
}

function failed(error: unknown, requestType: string | undefined): Answer {
  if (!(error instanceof AwsError)) {
    // A mistake of ours: told in full, for whoever runs this reads it.
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return failed(new AwsError("InternalFailure", message, 500), requestType);
  }
  if (requestType?.startsWith(CBOR_TYPE)) {
    return { status: error.status, headers: headersFor(CBOR_TYPE), body: encodeCborError(error) };
  }
  return { status: error.status, headers: headersFor(JSON_TYPE), body: error.body() };
}

function headersFor(type: string): Record<string, string> {
  return { "content-type": type, "x-amzn-requestid": randomUUID() };
}
