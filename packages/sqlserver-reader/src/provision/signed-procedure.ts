import type { Inquiry } from "../check/answer.ts";
import { quoteName, quoteText } from "../check/statement.ts";
import { textOf } from "../instance.ts";
import { LOCK_ROLE } from "../statements.ts";
import type { Demand } from "./provision-facts.ts";
import type { Step } from "./step.ts";

/**
 * A procedure of master that does what its caller may not: a certificate signs its text, and the certificate's login,
 * which nobody can log in with, holds CONTROL SERVER. Whoever changes the procedure takes the signature off.
 */
export interface SignedProcedure {
  /** `dbo.rds_das_read` */
  readonly name: string;
  /** Of the certificate, and of its login: each procedure has its own, so that one is replaced without the other. */
  readonly signer: string;
}

/** What there is of one. */
export interface SignedProcedureFacts {
  /** Its T-SQL; undefined: there is no such procedure. */
  readonly text: string | undefined;
  readonly hasCertificate: boolean;
  readonly isSigned: boolean;
  readonly hasSignerLogin: boolean;
  readonly signerHasRights: boolean;
}

const SIGNER_RIGHT = "CONTROL SERVER";

export async function lookAtSigned(
  { name, signer }: SignedProcedure,
  inquiry: Inquiry,
  demand: Demand,
): Promise<SignedProcedureFacts> {
  const id = `OBJECT_ID(N'master.${name}')`;
  const procedures = demand(await inquiry.ask(`SELECT definition FROM master.sys.sql_modules WHERE object_id = ${id}`));
  const certificates = demand(
    await inquiry.ask(`SELECT c.name, p.major_id FROM master.sys.certificates AS c
LEFT JOIN master.sys.crypt_properties AS p ON p.thumbprint = c.thumbprint AND p.major_id = ${id}
WHERE c.name = ${quoteText(signer)}`),
  );
  const rights = demand(await inquiry.ask(permissionsOf(signer)));
  return {
    text: procedures[0] && textOf(procedures[0][0]),
    hasCertificate: certificates.length > 0,
    isSigned: certificates.some(([, object]) => object !== null),
    hasSignerLogin: rights.length > 0,
    signerHasRights: rights.some(([, right, state]) => textOf(right) === SIGNER_RIGHT && textOf(state) === "GRANT"),
  };
}

/** Its server permissions; one row without any when it has none, no row when there is no such principal. */
export function permissionsOf(principal: string): string {
  return `SELECT l.name, p.permission_name, p.state_desc FROM sys.server_principals AS l
LEFT JOIN sys.server_permissions AS p ON p.grantee_principal_id = l.principal_id AND p.class = 100
WHERE l.name = ${quoteText(principal)}`;
}

/** @param text as it is to be; undefined: as it is, when it is signed */
export function isSound(facts: SignedProcedureFacts, text: string | undefined): boolean {
  const { isSigned, hasSignerLogin, signerHasRights } = facts;
  const isAsWanted = facts.text !== undefined && (text === undefined || sameText(facts.text, text));
  return isAsWanted && isSigned && hasSignerLogin && signerHasRights;
}

/** Blanks at the ends are the client's, not the program's. */
export function sameText(a: string, b: string): boolean {
  return a.trim() === b.trim();
}

/** Makes it anew, whatever there is of it: a signature belongs to one text and one certificate. */
export function replaceSigned(procedure: SignedProcedure, facts: SignedProcedureFacts, text: string): readonly Step[] {
  return [...dropSigned(procedure, facts), ...createSigned(procedure, text)];
}

/**
 * The certificate's private key is thrown away as soon as it has signed; its password was never anywhere but in this
 * statement.
 */
export function createSigned({ name, signer }: SignedProcedure, text: string): readonly Step[] {
  const certificate = quoteName(signer);
  const sign = [
    `CREATE CERTIFICATE ${certificate} ENCRYPTION BY PASSWORD = :signing_password`,
    "  WITH SUBJECT = 'database activity stream', EXPIRY_DATE = '99991231';",
    `ADD SIGNATURE TO ${name} BY CERTIFICATE ${certificate} WITH PASSWORD = :signing_password;`,
    `ALTER CERTIFICATE ${certificate} REMOVE PRIVATE KEY;`,
    `CREATE LOGIN ${certificate} FROM CERTIFICATE ${certificate};`,
    `GRANT ${SIGNER_RIGHT} TO ${certificate};`,
    `GRANT EXECUTE ON ${name} TO ${quoteName(LOCK_ROLE)};`,
  ];
  return [
    { what: `create the procedure ${name}`, sql: text },
    {
      what: `sign ${name}, so that it may do what its caller may not`,
      sql: sign.join("\n"),
      secret: "signing",
    },
  ];
}

export function dropSigned({ name, signer }: SignedProcedure, facts: SignedProcedureFacts): readonly Step[] {
  const drop = (isThere: boolean, what: string, sql: string): readonly Step[] => (isThere ? [{ what, sql }] : []);
  return [
    ...drop(facts.hasSignerLogin, `drop the login ${signer}`, `DROP LOGIN ${quoteName(signer)};`),
    ...drop(facts.text !== undefined, `drop the procedure ${name}`, `DROP PROCEDURE ${name};`),
    ...drop(facts.hasCertificate, `drop the certificate ${signer}`, `DROP CERTIFICATE ${quoteName(signer)};`),
  ];
}
