import { UnavailableError } from "@das/core";

/** Publishers that did not say in time what a command waited for. */
export function silentPublishers(
  instances: readonly string[],
  command: "start" | "stop",
  timeout: number,
): UnavailableError {
  const names = instances.map((id) => `instance ${id}`).join(", ");
  return new UnavailableError({
    who: "das",
    what:
      timeout <= 0
        ? `it was not waited for the publisher of ${names}, so the stream is still ${command === "start" ? "starting" : "stopping"}`
        : `after ${timeout / 1_000} seconds nothing was heard from the publisher of ${names}, so the stream is still ${command === "start" ? "starting" : "stopping"}`,
    remedy:
      command === "start"
        ? "Run das run for each of them and look at its log, then run das start again: it goes on where this one ended"
        : "Run das run for each of them, then das stop again; or das stop --timeout 0, which leaves behind what they have not read",
    code: "publishers-silent",
  });
}
