/** CREATE, ALTER and DROP SERVER AUDIT (SQL Server notes §6.1) as transitions of the trail. */
import { randomUUID } from "node:crypto";
import {
  type Actor,
  createAudit,
  dropAudit,
  type ServerAuditOptions,
  startAudit,
  stopAudit,
} from "../model/audit-state.ts";
import { type AuditTrail, findAudit, type ServerAudit, withAudit } from "../model/audit-trail.ts";
import { predicateText } from "../model/predicate.ts";
import type { AuditOptions, AuditTarget, Definition } from "./definition.ts";
import { AUDIT_REFUSALS, doesNotExist, mustBeDisabled, nameIsTaken } from "./messages.ts";

type Of<Kind extends Definition["kind"]> = Extract<Definition, { kind: Kind }>;

const SMALLEST_FILE = 2 * 1024 * 1024;
const SMALLEST_DELAY = 1000;

/** @throws ServerError 15530, 33070, 33077, 33227, 33238 */
export function createServerAudit(trail: AuditTrail, definition: Of<"createAudit">, now: number): AuditTrail {
  const { name, target, options, predicate } = definition;
  if (findAudit(trail, name)) throw nameIsTaken("server audit", name);
  checkSettings(target, options);
  const created: ServerAuditOptions = {
    directory: "",
    ...settingsOf(target, options),
    name,
    guid: options.guid ?? randomUUID(),
    ...(predicate && { predicate: predicateText(predicate) }),
  };
  return createAudit(trail, created, now);
}

/**
 * An audit that is on can only be switched off. One whose file cannot be created is on afterwards, but offline: the
 * caller tells that as 33222.
 * @throws ServerError 15151, 33071, 33223 and those of CREATE
 */
export function alterServerAudit(
  trail: AuditTrail,
  definition: Of<"alterAudit">,
  actor: Actor,
  now: number,
): AuditTrail {
  const { name, target, options, predicate, newName } = definition;
  const audit = findAudit(trail, name);
  if (!audit) throw doesNotExist("alter", "server audit", name);
  const { state, ...settings } = options;
  const changesMore = target !== undefined || predicate !== undefined || Object.keys(settings).length > 0;
  if (state !== undefined) {
    if (changesMore) throw AUDIT_REFUSALS.stateWithOthers;
    return switchAudit(trail, audit, state, actor, now);
  }
  if (audit.enabled) throw mustBeDisabled();
  if (newName !== undefined && findAudit(trail, newName)) throw nameIsTaken("server audit", newName);
  if (target) checkSettings(target, options);
  else checkDelay(options);
  const changed: ServerAudit = {
    ...audit,
    ...settingsOf(target, options),
    name: newName ?? audit.name,
    modifiedAt: now,
    ...(predicate !== undefined && { predicate: predicate && predicateText(predicate) }),
  };
  return withAudit(trail, changed);
}

function switchAudit(trail: AuditTrail, audit: ServerAudit, on: boolean, actor: Actor, now: number): AuditTrail {
  if (!on) return audit.enabled ? stopAudit(trail, audit.name, now, actor) : trail;
  const isRunning = audit.enabled && audit.status === "STARTED";
  if (isRunning && trail.behaviour.repeatedStart === "ignored") return trail;
  return startAudit(trail, audit.name, now, actor);
}

/** @throws ServerError 15151, 33071 */
export function dropServerAudit(trail: AuditTrail, name: string): AuditTrail {
  const audit = findAudit(trail, name);
  if (!audit) throw doesNotExist("drop", "server audit", name);
  if (audit.enabled) throw mustBeDisabled();
  return dropAudit(trail, name);
}

function checkSettings(target: AuditTarget, options: AuditOptions): void {
  checkDelay(options);
  const { maxFileSize, maxRolloverFiles, maxFiles, reserveDiskSpace } = target;
  if (maxFiles !== undefined && maxRolloverFiles !== undefined) throw AUDIT_REFUSALS.bothLimits;
  if (typeof maxFileSize === "number" && maxFileSize < SMALLEST_FILE) throw AUDIT_REFUSALS.sizeTooSmall;
  if (reserveDiskSpace && typeof maxFileSize !== "number") throw AUDIT_REFUSALS.reservedUnlimited;
}

function checkDelay({ queueDelay = 0 }: AuditOptions): void {
  if (queueDelay !== 0 && queueDelay < SMALLEST_DELAY) throw AUDIT_REFUSALS.queueDelay;
}

const UNLIMITED_FILES = 2_147_483_647;

/** What was not written stays as it is; but of the two limits of the number of files, one takes the other away. */
function settingsOf(target: AuditTarget | undefined, { queueDelay, onFailure }: AuditOptions) {
  const { directory, maxRolloverFiles, maxFiles, ...others } = target ?? {};
  return {
    ...others,
    ...(directory !== undefined && { directory: withSeparator(directory) }),
    ...(maxRolloverFiles !== undefined && { maxRolloverFiles: maxRolloverFiles ?? UNLIMITED_FILES, maxFiles: 0 }),
    ...(maxFiles !== undefined && { maxFiles, maxRolloverFiles: UNLIMITED_FILES }),
    ...(queueDelay !== undefined && { queueDelay }),
    ...(onFailure !== undefined && { onFailure }),
  };
}

/** FILEPATH is kept with a separator at its end. */
function withSeparator(directory: string): string {
  if (/[\\/]$/.test(directory)) return directory;
  return directory.includes("/") && !directory.includes("\\") ? `${directory}/` : `${directory}\\`;
}
