/** One statement of a plan for one instance, before it is known where the instance is. */
export interface Step {
  readonly what: string;
  /** One batch. A secret stands as `:reader_password`. */
  readonly sql: string;
}
