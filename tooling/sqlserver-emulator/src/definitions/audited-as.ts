/** How a definition shows in audits: its group, action and class, as real rows have them where there are any. */
import type { Definition } from "./definition.ts";
import { permissionScope } from "./permission-scope.ts";

export interface AuditedAs {
  readonly group: string;
  /** Padded with blanks to four. */
  readonly actionId: string;
  /** Padded to two. */
  readonly classType: string;
  readonly objectName: string;
  /** Does it happen in the current database, so that its own specification hears it too? */
  readonly inDatabase: boolean;
  readonly targets?: readonly string[];
}

/** Undefined for what no group covers here. */
export function auditedAs(definition: Definition): AuditedAs | undefined {
  switch (definition.kind) {
    case "createAudit":
    case "alterAudit":
    case "dropAudit":
      return made(definition, "AUDIT_CHANGE_GROUP", "A ", false);
    case "createSpecification":
    case "alterSpecification":
    case "dropSpecification": {
      const inDatabase = definition.scope === "DATABASE";
      return made(definition, "AUDIT_CHANGE_GROUP", inDatabase ? "DA" : "SA", inDatabase);
    }
    case "createCertificateLogin":
    case "createLogin":
    case "dropLogin":
      return made(definition, "SERVER_PRINCIPAL_CHANGE_GROUP", "SL", false);
    case "alterLogin":
      return alteredLogin(definition);
    case "createUser":
    case "dropUser":
      return made(definition, "DATABASE_PRINCIPAL_CHANGE_GROUP", "SU", true);
    case "createRole":
    case "dropRole":
      return definition.scope === "SERVER"
        ? made(definition, "SERVER_PRINCIPAL_CHANGE_GROUP", "SG", false)
        : made(definition, "DATABASE_PRINCIPAL_CHANGE_GROUP", "RL", true);
    case "changeRole": {
      const { scope, verb, name, member } = definition;
      return {
        group: `${scope}_ROLE_MEMBER_CHANGE_GROUP`,
        actionId: verb === "add" ? "APRL" : "DPRL",
        classType: scope === "SERVER" ? "SG" : "RL",
        objectName: name,
        inDatabase: scope === "DATABASE",
        targets: [member],
      };
    }
    case "permission": {
      const scope = permissionScope(definition);
      return {
        ...PERMISSION_ROWS[scope],
        actionId: definition.verb.slice(0, 1).padEnd(4),
        objectName: definition.object ?? "",
        inDatabase: scope !== "SERVER",
        targets: definition.principals,
      };
    }
    case "createDatabase":
    case "dropDatabase":
      return made(definition, "DATABASE_CHANGE_GROUP", "DB", false);
    default:
      return undefined;
  }
}

const PERMISSION_ROWS = {
  SERVER: { group: "SERVER_PERMISSION_CHANGE_GROUP", classType: "SR" },
  DATABASE: { group: "DATABASE_PERMISSION_CHANGE_GROUP", classType: "DB" },
  OBJECT: { group: "SCHEMA_OBJECT_PERMISSION_CHANGE_GROUP", classType: "P " },
} as const;

const ACTIONS = { create: "CR  ", alter: "AL  ", drop: "DR  " } as const;

function made(
  definition: { readonly kind: string; readonly name: string },
  group: string,
  classType: string,
  inDatabase: boolean,
): AuditedAs {
  const verb = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).find((known) => definition.kind.startsWith(known));
  return { group, actionId: ACTIONS[verb ?? "alter"], classType, objectName: definition.name, inDatabase };
}

function alteredLogin(definition: Extract<Definition, { kind: "alterLogin" }>): AuditedAs {
  const { name, password, newName, isDisabled } = definition;
  const base = { classType: "SL", objectName: name, inDatabase: false, targets: [name] };
  if (password !== undefined) return { ...base, group: "LOGIN_CHANGE_PASSWORD_GROUP", actionId: "PWR " };
  const actionId = newName !== undefined ? "LGNM" : isDisabled === undefined ? "AL  " : isDisabled ? "LGDA" : "LGEA";
  return { ...base, group: "SERVER_PRINCIPAL_CHANGE_GROUP", actionId };
}
