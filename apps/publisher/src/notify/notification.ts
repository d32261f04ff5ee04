import {
  type DatabaseActivityEvent,
  type Engine,
  type EventIdentity,
  eventIdentity,
  type ResourceId,
  type StreamCommand,
  streamNameOf,
} from "@das/core";

/** What is sent of one event about the stream itself: the body of a webhook, the detail of an EventBridge event. */
export interface Notification {
  /** Tells a notification from all others: a receiver drops one whose key it has seen. */
  readonly key: string;
  /** Of the event, as consumers of the stream compute it. */
  readonly identity: EventIdentity;
  readonly eventId: string;
  /** RDS's word for what kind of event it is. */
  readonly category: "configuration change" | "failure" | "notification";
  /** What happened, by its detail-type. */
  readonly title: string;
  readonly message: string;
  readonly command: StreamCommand | "TEST";
  readonly errorMessage: string | null;
  readonly startTime: string | null;
  readonly endTime: string | null;
  readonly logTime: string;
  readonly resourceId: ResourceId;
  readonly engine: Engine;
  readonly region: string;
  readonly stream: string;
  /** The instance whose publisher tells it. */
  readonly instance: string;
  /** The source that it stands in on the stream. */
  readonly source: string;
  readonly serverHost: string;
}

/** Whose notifications they are. */
export interface NotificationOrigin {
  readonly resourceId: ResourceId;
  readonly engine: Engine;
  readonly region: string;
  readonly instance: string;
}

type Wording = Pick<Notification, "eventId" | "category" | "title" | "message">;

/**
 * In RDS's manner, with ids of our own: RDS has no such events of instances, and RDS-EVENT-0179 and 0180 of clusters
 * (wire format §8, §13).
 */
const WORDINGS: Readonly<Record<Notification["command"], Wording>> = {
  TEST: {
    eventId: "DAS-EVENT-0000",
    category: "notification",
    title: "Database Activity Stream Test",
    message: "das check tries whether notifications arrive. Nothing happened.",
  },
  START: {
    eventId: "DAS-EVENT-0001",
    category: "configuration change",
    title: "Database Activity Stream Started",
    message: "Database Activity Streams is started on your database instance.",
  },
  STOP: {
    eventId: "DAS-EVENT-0002",
    category: "configuration change",
    title: "Database Activity Stream Stopped",
    message: "Database Activity Streams is stopped on your database instance.",
  },
  MODIFY: {
    eventId: "DAS-EVENT-0003",
    category: "configuration change",
    title: "Database Activity Stream Modified",
    message: "The audit policy state of Database Activity Streams is modified on your database instance.",
  },
  FAILOVER: {
    eventId: "DAS-EVENT-0004",
    category: "notification",
    title: "Database Activity Stream Failover",
    message: "Database Activity Streams goes on after a failover of your database instance.",
  },
  "POLICY DRIFT": {
    eventId: "DAS-EVENT-0005",
    category: "failure",
    title: "Database Activity Stream Policy Drift",
    message: "The locked audit policy was changed on your database instance.",
  },
  "LOSS WINDOW": {
    eventId: "DAS-EVENT-0006",
    category: "failure",
    title: "Database Activity Stream Loss Window",
    message: "Activity of your database instance may be missing from its stream.",
  },
  REPEAT: {
    eventId: "DAS-EVENT-0007",
    category: "notification",
    title: "Database Activity Stream Repeat",
    message: "Activity of your database instance may stand on its stream twice.",
  },
};

/** @param sourceId the source that the event stands in */
export function notificationOf(
  origin: NotificationOrigin,
  sourceId: string,
  event: DatabaseActivityEvent,
): Notification {
  const { endTime } = event;
  const identity = eventIdentity(sourceId, "", event);
  const command = event.command as StreamCommand;
  return {
    // A window that ends is the same event told once more, and worth another notification.
    key: endTime === null ? identity : `${identity}@${endTime.replace(" ", "T")}`,
    identity,
    ...WORDINGS[command],
    command,
    errorMessage: event.errorMessage,
    startTime: event.startTime,
    endTime,
    logTime: event.logTime,
    ...placeOf(origin),
    source: sourceId,
    serverHost: event.serverHost,
  };
}

/** What `das check` sends when it is told to: in the same shape, about nothing. */
export function testNotification(origin: NotificationOrigin, now: string, key: string): Notification {
  return {
    key,
    identity: key as EventIdentity,
    ...WORDINGS.TEST,
    command: "TEST",
    errorMessage: null,
    startTime: now,
    endTime: null,
    logTime: now,
    ...placeOf(origin),
    source: "",
    serverHost: "",
  };
}

function placeOf({ resourceId, engine, region, instance }: NotificationOrigin) {
  return { resourceId, engine, region, stream: streamNameOf(resourceId), instance };
}
