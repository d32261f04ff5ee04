import type { Clock } from "@das/core";

/** Milliseconds that were waited; the result when it has come. */
export type Waited<Result> = { readonly waited: number } | { readonly waited: number; readonly result: Result };

/** Waits for work that goes on whatever happens, but not longer than so many milliseconds; undefined: as long as it takes. */
export async function waitingFor<Result>(
  work: Promise<Result>,
  patience: number | undefined,
  clock: Clock,
): Promise<Waited<Result>> {
  const began = clock.monotonic();
  const waited = () => clock.monotonic() - began;
  if (patience === undefined) {
    const result = await work;
    return { waited: waited(), result };
  }
  const enough = new AbortController();
  const outOfPatience = clock.sleep(patience, enough.signal).then(() => undefined);
  try {
    const came = await Promise.race([work.then((result) => ({ result })), outOfPatience]);
    return { waited: waited(), ...came };
  } finally {
    enough.abort();
    await outOfPatience;
  }
}
