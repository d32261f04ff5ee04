/** Where a real database is, and who may administer it. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  /** Of a PDB, of the root or of a non-CDB. */
  readonly service: string;
  readonly user: string;
  readonly password: string;
  /** Directory of an `ewallet.pem`: then over TCPS. */
  readonly walletLocation?: string;
}

/** As SQL*Plus reads it: what holds a delimiter stands in double quotes. */
const FORM =
  /^(?<user>"[^"]+"|[^/@"]+)\/(?<password>"[^"]+"|[^"@]+)@(?:\/\/)?(?<host>\[[^\]]+\]|[^:/@]+)(?::(?<port>\d+))?\/(?<service>[^/@]+)$/;

/**
 * Reads `user/password@host:port/service`; the port is 1521 where none is named.
 * @throws when something is missing; the message never has the text itself, which holds a password.
 */
export function parseDatabaseAddress(text: string, walletLocation?: string): DatabaseAddress {
  const found = FORM.exec(text.trim())?.groups;
  if (!found) {
    throw new Error(
      'DAS_TEST_ORACLE is not of the form user/password@host:port/service ("…" around what holds a delimiter)',
    );
  }
  const part = (name: string) => (found[name] ?? "").replace(/^"(.*)"$/, "$1");
  return {
    host: part("host").replace(/^\[(.*)\]$/, "$1"),
    port: Number(found.port ?? 1521),
    service: part("service"),
    user: part("user"),
    password: part("password"),
    ...(walletLocation !== undefined && { walletLocation }),
  };
}
