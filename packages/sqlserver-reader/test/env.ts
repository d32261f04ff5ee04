/** What the person who runs the tests may provide; everything else the tests bring with them. */
function setting(name: string): string | undefined {
  // biome-ignore lint/style/noProcessEnv: the one place where these tests look at the environment
  const value = process.env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** A real SQL Server with an administrator's login: `Server=…;User Id=…;Password=…`, or a `mssql://` URL. */
export const REAL_SQL_SERVER = setting("DAS_TEST_SQLSERVER");

/** A folder on that server in which its service account may make audit files. */
export const REAL_AUDIT_DIRECTORY = setting("DAS_TEST_SQLSERVER_AUDIT_DIRECTORY");

/** A folder of further audit rows, in the form of the emulator's `fixtures/real-rows`, that may not be copied here. */
export const MORE_REAL_ROWS = setting("DAS_TEST_REAL_ROWS");

/** How many histories each property is tried with. */
export const TEST_SEEDS = setting("DAS_TEST_SEEDS");
