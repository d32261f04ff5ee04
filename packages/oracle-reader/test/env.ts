/** What the person who runs the tests may provide; everything else the tests bring with them. */
function setting(name: string): string | undefined {
  // biome-ignore lint/style/noProcessEnv: the one place where these tests look at the environment
  const value = process.env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** A real Oracle database with an administrator's login: `user/password@host:port/service`. */
export const REAL_ORACLE = setting("DAS_TEST_ORACLE");

/** Directory of the `ewallet.pem` with which that database is reached over TCPS; without it, in plain text. */
export const REAL_ORACLE_WALLET = setting("DAS_TEST_ORACLE_WALLET");

/** How many histories each property is tried with. */
export const TEST_SEEDS = setting("DAS_TEST_SEEDS");

/** A folder of further rows, in the form of the emulator's `fixtures/real-rows`, that may not be copied here. */
export const MORE_REAL_ROWS = setting("DAS_TEST_REAL_ORACLE_ROWS");
