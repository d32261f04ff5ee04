/** The only place of this app that reads the environment. AWS settings are read by the AWS SDK itself. */

// biome-ignore lint/style/noProcessEnv: this file is the edge where the environment enters
export const environment: Readonly<Record<string, string | undefined>> = process.env;
