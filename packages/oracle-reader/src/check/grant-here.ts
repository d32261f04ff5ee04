import { type InstanceFacts, ROOT } from "./instance-facts.ts";
import { grant } from "./statement.ts";

/** In the root the user is common, and the right is wanted in every container that is read. */
export function grantHere(right: string, { user, containerId }: InstanceFacts): string {
  return containerId === ROOT ? grant(right, user).replace(/;$/, " CONTAINER=ALL;") : grant(right, user);
}
