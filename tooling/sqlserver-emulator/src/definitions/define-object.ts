/** Tables, procedures, triggers and certificates of database master (SQL Server notes §7.2) as transitions of the instance. */
import { createHash, randomUUID } from "node:crypto";
import type { Certificate, Instance, StoredProcedure, UserTable } from "../instance.ts";
import { findLogin, isServerRole, sameName } from "../principals.ts";
import { ServerError, unknownObject } from "../sql/server-error.ts";
import type { Definition } from "./definition.ts";
import { doesNotExist, objectNotFound } from "./messages.ts";

type Of<Kind extends Definition["kind"]> = Extract<Definition, { kind: Kind }>;

/** With its schema, `dbo` unless another one was written. */
function qualifiedName(name: string): string {
  const plain = name.replace(/^master\./i, "");
  return plain.includes(".") ? plain : `dbo.${plain}`;
}

export function findTable({ tables }: Instance, name: string): UserTable | undefined {
  return tables.find((table) => sameName(table.name, qualifiedName(name)));
}

function findProcedure({ procedures }: Instance, name: string): StoredProcedure | undefined {
  return procedures.find((procedure) => sameName(procedure.name, qualifiedName(name)));
}

/** @throws ServerError 2714 */
export function createTable(instance: Instance, { name, columns }: Of<"createTable">): Instance {
  const table: UserTable = { name: qualifiedName(name), columns, rows: [], readableBy: [] };
  checkNameIsFree(instance, table.name);
  return { ...instance, tables: [...instance.tables, table] };
}

function checkNameIsFree(instance: Instance, name: string): void {
  if (findTable(instance, name) || findProcedure(instance, name))
    throw new ServerError(2714, `There is already an object named '${name.split(".").at(-1)}' in the database.`, 16, 6);
}

/** @throws ServerError 3701 */
export function dropTable(instance: Instance, name: string): Instance {
  const dropped = findTable(instance, name);
  if (!dropped) throw objectNotFound("table", name);
  return { ...instance, tables: instance.tables.filter((table) => table !== dropped) };
}

/** Nobody but its owner may execute it until that is granted. @throws ServerError 2714 */
export function createProcedure(
  instance: Instance,
  { name, parameters, body }: Of<"createProcedure" | "alterProcedure">,
  definition: string,
): Instance {
  const own = { name: qualifiedName(name), parameters, body, definition };
  const procedure: StoredProcedure = { ...own, lends: [], executableBy: [] };
  checkNameIsFree(instance, procedure.name);
  return { ...instance, procedures: [...instance.procedures, procedure] };
}

/** What was granted on it stays; its signature does not. @throws ServerError 208 */
export function alterProcedure(
  instance: Instance,
  { name, parameters, body }: Of<"createProcedure" | "alterProcedure">,
  definition: string,
): Instance {
  const altered = findProcedure(instance, name);
  if (!altered) throw unknownObject(name);
  const { signedBy: _, ...unsigned } = altered;
  const procedure: StoredProcedure = { ...unsigned, parameters, body, definition, lends: [] };
  return { ...instance, procedures: instance.procedures.map((known) => (known === altered ? procedure : known)) };
}

/** Its signature goes with it. @throws ServerError 3701 */
export function dropProcedure(instance: Instance, name: string): Instance {
  const dropped = findProcedure(instance, name);
  if (!dropped) throw objectNotFound("procedure", name);
  return { ...instance, procedures: instance.procedures.filter((procedure) => procedure !== dropped) };
}

/** @throws ServerError 2714 */
export function createTrigger(
  instance: Instance,
  { name, events, body }: Of<"createTrigger">,
  definition: string,
): Instance {
  if (instance.serverTriggers.some((trigger) => sameName(trigger.name, name)))
    throw new ServerError(2714, `There is already an object named '${name}' in the database.`, 16, 2);
  return {
    ...instance,
    serverTriggers: [...instance.serverTriggers, { name, isDisabled: false, definition, program: { events, body } }],
  };
}

function findCertificate({ certificates }: Instance, name: string): Certificate | undefined {
  return certificates.find((certificate) => sameName(certificate.name, name));
}

/** @throws ServerError 15232 */
export function createCertificate(instance: Instance, { name, password }: Of<"createCertificate">): Instance {
  if (findCertificate(instance, name))
    throw new ServerError(
      15232,
      `A certificate with name '${name}' already exists or this certificate already has been added to the database.`,
    );
  return { ...instance, certificates: [...instance.certificates, { name, password }] };
}

/** @throws ServerError 15151; 15352 when a signature or a login goes back to it */
export function dropCertificate(instance: Instance, name: string): Instance {
  const dropped = certificateNamed(instance, name, "drop");
  const isUsed =
    instance.procedures.some(({ signedBy }) => signedBy === dropped.name) ||
    instance.logins.some(({ certificate }) => certificate === dropped.name);
  if (isUsed)
    throw new ServerError(
      15352,
      `The certificate cannot be dropped because one or more entities are either signed or encrypted using it.`,
    );
  return { ...instance, certificates: instance.certificates.filter((certificate) => certificate !== dropped) };
}

function certificateNamed(instance: Instance, name: string, verb: "alter" | "drop" | "find"): Certificate {
  const certificate = findCertificate(instance, name);
  if (!certificate) throw doesNotExist(verb, "certificate", name);
  return certificate;
}

/** Nothing can be signed with it from then on. */
export function removePrivateKey(instance: Instance, name: string): Instance {
  const changed = certificateNamed(instance, name, "alter");
  const certificates = instance.certificates.map((known) =>
    known === changed ? { ...known, password: undefined } : known,
  );
  return { ...instance, certificates };
}

/** @throws ServerError 15151; 15556 without the private key; 15466 with another password */
export function addSignature(instance: Instance, { name, certificate, password }: Of<"addSignature">): Instance {
  const signed = findProcedure(instance, name);
  if (!signed) throw doesNotExist("find", "object", name);
  const signer = certificateNamed(instance, certificate, "find");
  if (signer.password === undefined)
    throw new ServerError(
      15556,
      "Cannot decrypt or encrypt using the specified certificate, either because it has no private key or because the password provided for the private key is incorrect.",
    );
  if (signer.password !== password) throw new ServerError(15466, "An error occurred during decryption.");
  const procedures = instance.procedures.map((known) =>
    known === signed ? { ...known, signedBy: signer.name } : known,
  );
  return { ...instance, procedures };
}

/** Nobody can log in with it. @throws ServerError 15151, 15025 */
export function createCertificateLogin(instance: Instance, name: string, certificate: string): Instance {
  const { name: known } = certificateNamed(instance, certificate, "find");
  if (findLogin(instance, name) || isServerRole(instance, name))
    throw new ServerError(15025, `The server principal '${name}' already exists.`);
  const principals = [...instance.logins, ...instance.serverRoles];
  const login = {
    name,
    password: randomUUID(),
    principalId: Math.max(256, ...principals.map(({ principalId }) => principalId)) + 1,
    sid: `0x${createHash("sha256").update(known).digest("hex").slice(0, 32)}`,
    isSysadmin: false,
    permissions: [],
    isDisabled: true,
    certificate: known,
  };
  return { ...instance, logins: [...instance.logins, login] };
}
