/**
 * Aborts at the first SIGTERM or SIGINT; the second ends the process at once, with the exit code that shells give to a
 * process which a signal ended. A Node process that started this one with an IPC channel stops it by going away.
 */
export function stopOnSignals(onStop: (signal: NodeJS.Signals | "disconnect") => void): AbortSignal & Disposable {
  const controller = new AbortController();
  const listener = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    onStop(signal);
    controller.abort();
  };
  const orphaned = (): void => {
    onStop("disconnect");
    controller.abort();
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
