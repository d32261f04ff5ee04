import { editionOf } from "../instance.ts";
import { EDITION } from "../statements.ts";
import { type Answer, answered, type Inquiry, mapAnswer, textOf } from "./answer.ts";

/** What any user may know about the instance. */
export interface InstanceFacts {
  /** The reader's own user, as the dictionary has it. */
  readonly user: string;
  /** Logged on with SYSDBA? */
  readonly isSysdba: boolean;
  /** `19.21.0.0.0` */
  readonly version: string;
  /** 12, 18, 19, 21, 23. */
  readonly release: number;
  /** EE, SE2, XE, FREE. */
  readonly edition: Answer<string>;
  /** PRIMARY, PHYSICAL STANDBY, SNAPSHOT STANDBY, LOGICAL STANDBY. */
  readonly role: string;
  /** DB_UNIQUE_NAME: of this one of the databases of a Data Guard configuration. */
  readonly uniqueName: string;
  /** 0: no containers; 1: the root; more: a PDB. */
  readonly containerId: number;
  readonly containerName: string;
  readonly host: string;
  /** INSTANCE_NUMBER, of a cluster. */
  readonly instanceNumber: string;
  /** `tcp`, `tcps`; "" where the server does not say. */
  readonly protocol: string;
}

const NAMES = [
  "SESSION_USER",
  "ISDBA",
  "DATABASE_ROLE",
  "DB_UNIQUE_NAME",
  "CON_ID",
  "CON_NAME",
  "SERVER_HOST",
  "INSTANCE",
  "NETWORK_PROTOCOL",
] as const;
const INSTANCE = `SELECT ${NAMES.map((name) => `SYS_CONTEXT('USERENV','${name}')`).join(",\n       ")}\nFROM   dual`;

export async function lookAtInstance(inquiry: Inquiry): Promise<Answer<InstanceFacts>> {
  const answer = await inquiry.ask(INSTANCE);
  if (!answer.known) return answer;
  const edition = mapAnswer(await inquiry.ask(EDITION), ([row]) => editionOf(textOf(row?.[0])));
  const [user, isDba, role, uniqueName, containerId, containerName, host, instanceNumber, protocol] =
    answer.value[0] ?? [];
  return answered({
    user: textOf(user),
    isSysdba: textOf(isDba).toUpperCase() === "TRUE",
    version: inquiry.serverVersion,
    release: Number.parseInt(inquiry.serverVersion, 10),
    edition,
    role: textOf(role),
    uniqueName: textOf(uniqueName),
    containerId: Number(textOf(containerId)),
    containerName: textOf(containerName),
    host: textOf(host),
    instanceNumber: textOf(instanceNumber),
    protocol: textOf(protocol).toLowerCase(),
  });
}

/** CON_ID of CDB$ROOT. */
export const ROOT = 1;
