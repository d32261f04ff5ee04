import { textOf } from "../instance.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";

/** What any login may know about the instance. */
export interface InstanceFacts {
  /** SERVERPROPERTY('ServerName'): of a failover cluster instance the virtual name. */
  readonly serverName: string;
  /** @@SERVERNAME, which keeps the old name after a rename. */
  readonly registeredName: string;
  /** `15.0.4073.23` */
  readonly productVersion: string;
  /** 13 = 2016, 14 = 2017, 15 = 2019, 16 = 2022, 17 = 2025. */
  readonly majorVersion: number;
  readonly edition: string;
  readonly engineEdition: number;
  readonly isClustered: boolean;
  readonly platform: "Windows" | "Linux";
  /** The reader's own login. */
  readonly login: string;
}

/** The CONVERTs keep sql_variant off the wire. */
const INSTANCE = `SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ServerName')) AS server_name,
       CONVERT(nvarchar(128), @@SERVERNAME) AS registered_name,
       CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
       CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS edition,
       CONVERT(int, SERVERPROPERTY('EngineEdition')) AS engine_edition,
       CONVERT(int, SERVERPROPERTY('IsClustered')) AS is_clustered,
       CONVERT(nvarchar(300), @@VERSION) AS title,
       ORIGINAL_LOGIN() AS login`;

export async function lookAtInstance(inquiry: Inquiry): Promise<Answer<InstanceFacts>> {
  return mapAnswer(await inquiry.ask(INSTANCE), ([row = []]) => {
    const [serverName, registeredName, version, edition, engineEdition, isClustered, title, login] = row;
    return {
      serverName: textOf(serverName),
      registeredName: textOf(registeredName),
      productVersion: textOf(version),
      majorVersion: Number.parseInt(textOf(version), 10),
      edition: textOf(edition),
      engineEdition: Number(engineEdition),
      isClustered: Number(isClustered) === 1,
      platform: /\bon Linux\b/.test(textOf(title)) ? "Linux" : "Windows",
      login: textOf(login),
    };
  });
}

/** The first version that splits VIEW SERVER STATE and lets audits be read without CONTROL SERVER. */
const SQL_SERVER_2022 = 16;

export function hasSplitRights({ majorVersion }: Pick<InstanceFacts, "majorVersion">): boolean {
  return majorVersion >= SQL_SERVER_2022;
}

/** The right that a view of the server's state takes: audits' status is security, most of the rest performance. */
export function stateRight(instance: Pick<InstanceFacts, "majorVersion">, part: "SECURITY" | "PERFORMANCE"): string {
  return hasSplitRights(instance) ? `VIEW SERVER ${part} STATE` : "VIEW SERVER STATE";
}
