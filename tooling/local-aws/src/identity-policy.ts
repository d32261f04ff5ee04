/** An identity policy of IAM, as far as it is evaluated here; what is not known is refused when the policy is attached. */
export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  /** By operator, by condition key: the values of which one must fit. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a call says of itself, by condition key: `kms:EncryptionContext:aws:rds:db-id`. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

/** A call as policies see it. */
export interface PolicyRequest {
  /** `kms:Decrypt` */
  readonly action: string;
  /** An ARN. */
  readonly resource: string;
  readonly context: ConditionContext;
}

type Fits = (value: string, wanted: string) => boolean;

const OPERATORS: ReadonlyMap<string, Fits> = new Map([
  ["StringEquals", (value, wanted) => value === wanted],
  ["StringLike", matches],
  // Documented to be the same operator.
  ["ArnEquals", matches],
  ["ArnLike", matches],
]);
const SETS = ["ForAllValues:", "ForAnyValue:"];

/** @throws TypeError when the policy has what is not evaluated here: it would allow, or refuse, by mistake */
export function demandEvaluable({ Statement }: PolicyDocument): void {
  for (const statement of Statement) {
    const unknown = Object.keys(statement).filter(
      (member) => !["Sid", "Effect", "Action", "Resource", "Condition"].includes(member),
    );
    for (const operator of Object.keys(statement.Condition ?? {})) {
      if (!OPERATORS.has(comparisonOf(operator))) unknown.push(operator);
    }
    if (unknown.length > 0) throw new TypeError(`local-aws does not evaluate ${unknown.join(", ")} of a policy`);
  }
}

/** What no statement allows is refused, and what one denies is refused whatever the others say. */
export function isAllowed({ Statement }: PolicyDocument, request: PolicyRequest): boolean {
  const applying = Statement.filter((statement) => applies(statement, request));
  return applying.length > 0 && applying.every(({ Effect }) => Effect === "Allow");
}

function applies({ Action, Resource, Condition = {} }: PolicyStatement, request: PolicyRequest): boolean {
  return (
    // Actions are the one thing that IAM compares without case.
    listOf(Action).some((pattern) => matches(request.action.toLowerCase(), pattern.toLowerCase())) &&
    listOf(Resource).some((pattern) => matches(request.resource, pattern)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, request.context[key], listOf(wanted))),
    )
  );
}

function holds(operator: string, said: string | readonly string[] | undefined, wanted: readonly string[]): boolean {
  const fits = OPERATORS.get(comparisonOf(operator));
  const isWanted = (value: string) => wanted.some((one) => fits?.(value, one));
  const values = said === undefined ? [] : listOf(said);
  // A key that the call does not have: nothing of it is unwanted, and nothing wanted.
  return operator.startsWith("ForAllValues:") ? values.every(isWanted) : values.some(isWanted);
}

function comparisonOf(operator: string): string {
  const set = SETS.find((prefix) => operator.startsWith(prefix)) ?? "";
  return operator.slice(set.length);
}

/** `*` stands for any text, `?` for one character. */
function matches(text: string, pattern: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
