import { type Logger, silentLogger } from "@das/core";

/** The log of a trail's readers, for whoever has to know when one of them waits because another reads the source. */
export class WaitingLog {
  #noticed = Promise.withResolvers<void>();

  readonly logger: Logger = {
    ...silentLogger,
    info: (_, message) => {
      if (message.startsWith("waiting")) this.#noticed.resolve();
    },
  };

  /** Resolves when a reader says, from now on, that it waits. */
  next(): Promise<void> {
    this.#noticed = Promise.withResolvers();
    return this.#noticed.promise;
  }
}
