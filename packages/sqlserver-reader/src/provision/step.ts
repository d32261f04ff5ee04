/** One statement of a plan for one instance, before it is known where the instance is. */
export interface Step {
  readonly what: string;
  /** One batch. */
  readonly sql: string;
  /** Whose password it sets: stands as `PASSWORD = :reader_password` or `PASSWORD = :signing_password` in it. */
  readonly secret?: "reader" | "signing";
}
