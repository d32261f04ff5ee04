import type { UtcTime } from "@das/core";
import { checkKey } from "../aws/check/key.ts";
import { awaitPublishers } from "./await-publishers.ts";
import type { LifecycleParts } from "./lifecycle-parts.ts";
import { invalidState, keyNotAccessible } from "./refusals.ts";
import { publishersText, silentPublishers } from "./silent-publishers.ts";
import { type StateChange, StateKeeper } from "./state-keeper.ts";
import type { Step } from "./steps.ts";
import { type StreamState, tagsOf } from "./stream-state.ts";

export interface StartRequest {
  /** undefined: stream.kmsKeyId of the configuration. */
  readonly kmsKeyId: string | undefined;
  /** undefined: stream.nativeAuditFields of the configuration. */
  readonly nativeAuditFields: boolean | undefined;
  readonly from: "now" | "oldest";
  /** Milliseconds to wait for the publishers. */
  readonly timeout: number;
}

/**
 * What `das start` does, step by step; what an earlier start that died has done is left out.
 * @param started told of the state that the start ends in
 * @throws RefusedError InvalidDBInstanceState: a standby, or a stream that is started; and as the steps
 */
export async function planStart(
  parts: LifecycleParts,
  request: StartRequest,
  started: (state: StreamState) => void,
): Promise<readonly Step[]> {
  const { configuration, provisioner, clock, signal } = parts;
  const keeper = new StateKeeper(parts);
  const { streamName } = keeper;
  await provisioner.demandPrimary(signal);
  const known = await keeper.look();
  demandStartable(known?.state, streamName);
  const unfinished = known?.state?.status === "starting" ? known.state : undefined;
  if (unfinished) demandSameRequest(unfinished, request, streamName);
  const kmsKeyId = unfinished?.["kms-key-id"] ?? request.kmsKeyId ?? configuration.stream.kmsKeyId;
  const generation = unfinished?.generation ?? (known?.state?.generation ?? 0) + 1;
  // By the clock of the database, when everything is audited: what was before is not of this generation.
  const firstState = async () =>
    stateFrom(parts, request, { kmsKeyId, generation, stopped: known?.state, now: await provisioner.now(signal) });
  const announced = tagsOf({ ...(unfinished ?? (await firstState())), revision: 0, writer: "" });

  let state: StreamState | undefined = unfinished;
  let changedAt = clock.now();
  const steps: Step[] = [
    {
      kind: "aws",
      what: "try the key",
      command: `aws kms generate-data-key --key-id ${kmsKeyId} --key-spec AES_256 --encryption-context aws:rds:db-id=${configuration.resource.id}`,
      run: () => demandKey(parts, kmsKeyId),
    },
    { kind: "sql", plan: await provisioner.planStart(signal) },
  ];
  if (!known) {
    const { shards } = configuration.stream;
    const capacity = shards === undefined ? "--stream-mode-details StreamMode=ON_DEMAND" : `--shard-count ${shards}`;
    steps.push({
      kind: "aws",
      what: `create the stream ${streamName}, which keeps records for 24 hours, with the state "starting" in ${Object.keys(announced).length} tags`,
      command: `aws kinesis create-stream --stream-name ${streamName} ${capacity} --tags ${tagsText(announced)}`,
      run: async () => {
        changedAt = clock.now();
        state = await keeper.create(await firstState());
      },
    });
  } else if (!unfinished) {
    steps.push({
      kind: "aws",
      what: `set the state of the stream ${streamName} to "starting", generation ${generation}`,
      command: `aws kinesis add-tags-to-stream --stream-name ${streamName} --tags ${tagsText(announced)}`,
      run: async () => {
        changedAt = clock.now();
        state = await keeper.change(known.state, await firstState());
      },
    });
  }
  steps.push(
    {
      kind: "wait",
      what: `wait for ${publishersText(configuration.instances.map(({ id }) => id))}`,
      run: async () => {
        const isThere = (heard: { readonly generation: number }) => heard.generation === generation;
        const silent = await awaitPublishers(parts, { since: changedAt, timeout: request.timeout, isThere });
        if (silent.length > 0) throw silentPublishers(silent, "start", request.timeout);
      },
    },
    {
      kind: "aws",
      what: `set the state of the stream ${streamName} to "started"`,
      command: `aws kinesis add-tags-to-stream --stream-name ${streamName} --tags das-status=started,das-revision=…,das-writer=…`,
      run: async () => {
        if (state) started(await keeper.change(state, { ...state, status: "started" }));
      },
    },
  );
  return steps;
}

interface Beginning {
  readonly kmsKeyId: string;
  readonly generation: number;
  readonly stopped: StreamState | undefined;
  readonly now: UtcTime;
}

function stateFrom(
  { administrator, configuration }: LifecycleParts,
  { nativeAuditFields, from }: StartRequest,
  { kmsKeyId, generation, stopped, now }: Beginning,
): StateChange {
  return {
    generation,
    status: "starting",
    mode: "async",
    policy: "locked",
    "native-audit-fields": String(nativeAuditFields ?? configuration.stream.nativeAuditFields) as "true",
    "kms-key-id": kmsKeyId,
    "start-at": from === "now" ? now : "oldest",
    "started-at": now,
    "changed-at": now,
    "changed-by": administrator,
    ...(stopped && { "stopped-at": stopped["changed-at"], "stopped-by": stopped["changed-by"] }),
  };
}

function demandStartable(state: StreamState | undefined, streamName: string): void {
  if (state?.status === "started") {
    throw invalidState(
      `the activity stream ${streamName} is started already`,
      "Look at it with das describe; to start it with other settings, stop it first",
    );
  }
  if (state?.status === "stopping") {
    throw invalidState(
      `the activity stream ${streamName} is being stopped`,
      "Wait for that das stop, or run das stop again to finish one that died, then start",
    );
  }
}

/** A start that goes on with a half-finished one does what that one was asked to do. */
function demandSameRequest(unfinished: StreamState, request: StartRequest, streamName: string): void {
  const { kmsKeyId = unfinished["kms-key-id"], nativeAuditFields } = request;
  const fields = unfinished["native-audit-fields"];
  const isSame = kmsKeyId === unfinished["kms-key-id"] && String(nativeAuditFields ?? fields) === fields;
  if (isSame) return;
  throw invalidState(
    `a start of the activity stream ${streamName} with another key or other native fields is half finished`,
    "Run das start without these options to finish it, or das stop to give it up",
    [`key: ${unfinished["kms-key-id"]}`, `native audit fields: ${fields}`],
  );
}

async function demandKey({ aws, configuration }: LifecycleParts, keyId: string): Promise<void> {
  const findings = await checkKey({
    kms: aws.kms,
    keyId,
    resourceId: configuration.resource.id,
    region: configuration.stream.region,
  });
  const failure = findings.find(({ status }) => status === "failure");
  if (failure) throw keyNotAccessible(failure.what, failure.repair ?? "Name another key with --kms-key-id");
}

/** What is decided only while it runs stands as `…`. */
function tagsText(tags: Readonly<Record<string, string>>): string {
  const decidedLater = ["das-revision", "das-writer", "das-start-at", "das-started-at", "das-changed-at"];
  const written = Object.entries(tags).map(([key, value]) => {
    const isLater = decidedLater.includes(key) && value !== "oldest";
    return `${key}=${isLater ? "…" : value}`;
  });
  return written.join(",");
}
