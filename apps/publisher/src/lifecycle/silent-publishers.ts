import { UnavailableError } from "@das/core";

/** By the ids of their instances: `the publishers of instances a, b`. */
export function publishersText(instances: readonly string[]): string {
  const names = instances.join(", ");
  return instances.length === 1 ? `the publisher of instance ${names}` : `the publishers of instances ${names}`;
}

/** Publishers that did not say in time what a command waited for. */
export function silentPublishers(
  instances: readonly string[],
  command: "start" | "stop",
  timeout: number,
): UnavailableError {
  const publishers = publishersText(instances);
  const unheard =
    timeout <= 0
      ? `${publishers} ${instances.length === 1 ? "was" : "were"} not waited for`
      : `after ${timeout / 1_000} seconds nothing was heard from ${publishers}`;
  return new UnavailableError({
    who: "das",
    what: `${unheard}, so the stream is still ${command === "start" ? "starting" : "stopping"}`,
    remedy:
      command === "start"
        ? "Run das run for each of them and look at its log, then run das start again: it goes on where this one ended"
        : "Run das run for each of them, then das stop again; or das stop --timeout 0, which leaves behind what they have not read",
    code: "publishers-silent",
  });
}
