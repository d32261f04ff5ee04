/**
 * Which events to leave out. Nothing is by default: an audit trail that hides something should do so because somebody
 * decided it. Values are compared exactly, as databases compare them: `"rdsadmin"` in quotes is another Oracle account.
 */
export interface EventFilter {
  /** Values of `dbUserName`: `RDS_INTERNAL_ACCOUNTS`, for example. */
  readonly users?: readonly string[];
  /** Values of `class`. */
  readonly classes?: readonly string[];
}

/** The accounts of RDS's own housekeeping, which it audits and streams like any other (wire format §8). */
export const RDS_INTERNAL_ACCOUNTS: readonly string[] = ["RDSADMIN", "RDSSEC"];

export function isExcluded(
  event: { readonly dbUserName?: unknown; readonly class?: unknown },
  filter: EventFilter,
): boolean {
  return contains(filter.users, event.dbUserName) || contains(filter.classes, event.class);
}

function contains(values: readonly unknown[] | undefined, value: unknown): boolean {
  return values?.includes(value) ?? false;
}
