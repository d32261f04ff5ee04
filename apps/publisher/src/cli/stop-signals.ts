import { RefusedError } from "@das/core";

/**
 * Aborts at the first SIGTERM or SIGINT; the second ends the process at once, with the exit code that shells give to a
 * process which a signal ended. A Node process that started this one with an IPC channel stops it by going away.
 */
export function stopOnSignals(
  onStop: (signal: NodeJS.Signals | "disconnect") => void = () => undefined,
): AbortSignal & Disposable {
  const controller = new AbortController();
  const listener = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    onStop(signal);
    controller.abort(interrupted(signal));
  };
  const orphaned = (): void => {
    onStop("disconnect");
    controller.abort(interrupted("disconnect"));
  };
  process.on("SIGTERM", listener);
  process.on("SIGINT", listener);
  process.once("disconnect", orphaned);
  process.channel?.unref();
  return Object.assign(controller.signal, {
    [Symbol.dispose]: () => {
      process.off("SIGTERM", listener);
      process.off("SIGINT", listener);
      process.off("disconnect", orphaned);
    },
  });
}

/** What a command ends with that was not made to be stopped. */
function interrupted(signal: string): RefusedError {
  return new RefusedError({
    who: "das",
    what: `interrupted (${signal})`,
    remedy: "Run the command again: it goes on where this one ended",
    code: "interrupted",
  });
}
