/** The only place that reads the environment. */
export function readEnvironment(name: string): string | undefined {
  // biome-ignore lint/style/noProcessEnv: a password is given by the name of a variable, never on the command line.
  return process.env[name];
}
