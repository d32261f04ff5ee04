import { join } from "node:path";
import { AccessControl, type Denial, type DenialOptions, type Principal, type PrincipalOptions } from "./access.ts";
import { formatArn } from "./arn.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Counters } from "./counters.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EventBusStore } from "./events/event-bus-store.ts";
import { EventsModel } from "./events/events-model.ts";
import { eventsService } from "./events/events-service.ts";
import { Faults } from "./faults.ts";
import { enterHome } from "./home.ts";
import { startHttpServer } from "./http-server.ts";
import { KinesisModel } from "./kinesis/kinesis-model.ts";
import type { Durations, KinesisParts } from "./kinesis/kinesis-parts.ts";
import { kinesisService } from "./kinesis/kinesis-service.ts";
import { AWS_LIMITS, type Limits } from "./kinesis/limits.ts";
import { StreamRegistry } from "./kinesis/stream-registry.ts";
import { Throttle } from "./kinesis/throttle.ts";
import { KeyStore } from "./kms/key-store.ts";
import { KmsModel } from "./kms/kms-model.ts";
import { kmsService } from "./kms/kms-service.ts";

export interface LocalAwsOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** Where streams and keys are kept, so that they survive a restart. Default: a temporary one, deleted on close. */
  readonly directory?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** 12 digits. Default `123456789012`. */
  readonly accountId?: string;
  /** The access key of the default principal. */
  readonly credentials?: Credentials;
  readonly limits?: Partial<Limits>;
  /** Default 100 ms each, so that callers that do not wait for ACTIVE are found out. */
  readonly durations?: Partial<Durations>;
  /** Open shards of a new stream in ON_DEMAND mode. Default 4, as on AWS. */
  readonly onDemandShards?: number;
  readonly clock?: Clock;
  /** The time against which signatures are checked, for callers sign with the real one. Default: the system's. */
  readonly signingTime?: () => number;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running server. Disposing it ends its connections, closes its files and deletes its temporary directory. */
export interface LocalAws extends AsyncDisposable {
  /** `http://127.0.0.1:port`, for all services. */
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  readonly accountId: string;
  /** Of the default principal, who may do everything in its account. */
  readonly credentials: Credentials;
  readonly directory: string;
  readonly kinesis: KinesisModel;
  readonly kms: KmsModel;
  readonly events: EventsModel;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly limits: Limits;
  /** One more access key; of another account, if its options say so. */
  addPrincipal(options: PrincipalOptions): Principal;
  /** From now on these calls are answered with AccessDeniedException, until the denial is removed. */
  deny(options: DenialOptions): Denial;
  /** Changes what is named and keeps the rest. */
  setLimits(limits: Partial<Limits>): void;
}

/** Not secret: whoever reaches a loopback port of this machine may use what runs there. */
const DEFAULT_CREDENTIALS: Credentials = {
  accessKeyId: "LOCALAWSACCESSKEY",
  secretAccessKey: "local-aws-secret-access-key",
};
const DEFAULT_DURATION = 100;

/** Starts Kinesis, KMS and EventBridge on one port of 127.0.0.1. @throws Error when the port or the directory is in use */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  await using resources = new AsyncDisposableStack();
  const { region = "us-east-1", accountId = "123456789012", credentials = DEFAULT_CREDENTIALS } = options;
  const clock = options.clock ?? systemClock;

  const home = resources.adopt(enterHome(options.directory), (entered) => entered.release());
  const registry = resources.adopt(new StreamRegistry(join(home.path, "streams"), region), (streams) =>
    streams.close(),
  );
  const keys = new KeyStore(join(home.path, "kms.json"), region);
  const buses = new EventBusStore(region);
  const access = new AccessControl(region, accountId);
  access.addPrincipal({ userName: "local-aws", ...credentials });
  const throttle = new Throttle({ ...AWS_LIMITS, ...options.limits });
  const {
    create = DEFAULT_DURATION,
    update = DEFAULT_DURATION,
    delete: remove = DEFAULT_DURATION,
  } = options.durations ?? {};
  const parts: KinesisParts = {
    registry,
    access,
    throttle,
    keys,
    durations: { create, update, delete: remove },
    onDemandShards: options.onDemandShards ?? 4,
  };
  const faults = new Faults((stream, milliseconds) => {
    const now = clock.now();
    registry.get(registry.arnOf({ StreamName: stream }, accountId), now).holdTags(now + milliseconds);
  });
  const counters = new Counters();
  const anyKey = (account: string) => formatArn({ service: "kms", region, accountId: account, resource: "*" });
  const dispatcher = new Dispatcher({
    region,
    services: {
      kinesis: kinesisService(parts),
      kms: kmsService({ access, keys, anyKey }),
      events: eventsService({ access, buses }),
    },
    access,
    faults,
    counters,
    clock,
    signingTime: options.signingTime ?? systemClock.now,
  });
  const server = resources.use(await startHttpServer(dispatcher, options.port ?? 0));

  const owned = resources.move();
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    port: server.port,
    region,
    accountId,
    credentials,
    directory: home.path,
    kinesis: new KinesisModel(parts, clock, accountId),
    kms: new KmsModel(keys, clock, accountId),
    events: new EventsModel(buses, accountId),
    faults,
    counters,
    get limits() {
      return throttle.limits;
    },
    addPrincipal: (principal) => access.addPrincipal(principal),
    deny: (denial) => access.deny(denial),
    setLimits: (limits) => {
      throttle.limits = { ...throttle.limits, ...limits };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
