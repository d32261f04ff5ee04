/** Server triggers that CREATE TRIGGER made: for which statements they fire, and what EVENTDATA() then says. */
import type { ServerTrigger } from "../instance.ts";
import type { Definition } from "./definition.ts";

export type TriggerProgram = NonNullable<ServerTrigger["program"]>;

/** A statement as a trigger sees it. */
export interface DefinitionEvent {
  /** `ALTER_SERVER_AUDIT` */
  readonly type: string;
  /** The groups that it belongs to, as far as triggers here name them. */
  readonly groups: readonly string[];
  /** EVENTDATA() */
  readonly xml: string;
}

/** undefined of what no trigger here fires for. */
export function eventOf(definition: Definition, text: string, database: string): DefinitionEvent | undefined {
  const what = whatOf(definition);
  if (!what || !("name" in definition)) return undefined;
  const verb = /^(?:create|alter|drop)/.exec(definition.kind)?.[0].toUpperCase();
  const type = `${verb}_${what}`;
  const isDatabase = what === "DATABASE";
  const xml = [
    "<EVENT_INSTANCE>",
    `<EventType>${type}</EventType>`,
    `<DatabaseName>${escaped(isDatabase ? definition.name : database)}</DatabaseName>`,
    ...(isDatabase ? [] : [`<ObjectName>${escaped(definition.name)}</ObjectName>`]),
    `<TSQLCommand><CommandText>${escaped(text)}</CommandText></TSQLCommand>`,
    "</EVENT_INSTANCE>",
  ].join("");
  return { type, groups: isDatabase ? [] : [`DDL_${what}_EVENTS`], xml };
}

function whatOf(definition: Definition): string | undefined {
  switch (definition.kind) {
    case "createAudit":
    case "alterAudit":
    case "dropAudit":
      return "SERVER_AUDIT";
    case "createSpecification":
    case "alterSpecification":
    case "dropSpecification":
      return `${definition.scope}_AUDIT_SPECIFICATION`;
    case "createDatabase":
    case "dropDatabase":
      return "DATABASE";
    default:
      return undefined;
  }
}

export function firesFor({ events }: TriggerProgram, { type, groups }: DefinitionEvent): boolean {
  return events.some((event) => event === type || groups.includes(event));
}

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" } as const;

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => ENTITIES[character as keyof typeof ENTITIES]);
}

/** `.value('(/EVENT_INSTANCE/TSQLCommand/CommandText)[1]', …)` of such an XML; null when there is no such element. */
export function valueIn(xml: string, path: string): string | null {
  const steps = /^\(((?:\/\w+)+)\)\[1\]$/.exec(path)?.[1]?.split("/").slice(1) ?? [];
  if (steps.length === 0) return null;
  let content: string | undefined = xml;
  for (const step of steps) content = new RegExp(`<${step}>([\\s\\S]*?)</${step}>`).exec(content ?? "")?.[1];
  if (content === undefined) return null;
  return content.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
