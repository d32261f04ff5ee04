/**
 * Where a package says what a person may want to know; pino's loggers fit. The message is constant, the data is in the
 * fields; neither holds audited text or a secret.
 *
 * debug: one line per call or batch. info: the state changed. warn: recovered, nothing lost. error: a person is needed.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
