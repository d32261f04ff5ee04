/** What a test varies: for each name the values that it may take. */
export type Choices<Combination> = { readonly [Name in keyof Combination]: readonly Combination[Name][] };

/**
 * Combinations in which every pair of values of two names occurs at least once: the few dozen out of thousands that find
 * what depends on one value or on two. Greedy and deterministic, so that a failing combination is the same in every run.
 */
export function coverPairs<Combination extends object>(choices: Choices<Combination>): readonly Combination[] {
  const names = Object.keys(choices) as (keyof Combination & string)[];
  const missing = new Set(pairsOf(names).flatMap(([a, b]) => pairKeys(choices, a, b)));
  const combinations: Combination[] = [];
  while (missing.size > 0) {
    const combination = grow(choices, names, missing);
    for (const key of keysOf(combination, names)) missing.delete(key);
    combinations.push(combination);
  }
  return combinations;
}

/** Begins with a pair that is missing and takes for each other name the value that covers the most. */
function grow<Combination extends object>(
  choices: Choices<Combination>,
  names: readonly (keyof Combination & string)[],
  missing: ReadonlySet<string>,
): Combination {
  const [first = ""] = missing;
  const combination: Partial<Combination> = {};
  for (const [a, b] of pairsOf(names)) {
    for (const one of choices[a]) {
      for (const other of choices[b]) {
        if (keyOf(a, one, b, other) === first) Object.assign(combination, { [a]: one, [b]: other });
      }
    }
  }
  for (const name of names) {
    if (Object.hasOwn(combination, name)) continue;
    const gain = (value: Combination[typeof name]) =>
      keysOf({ ...combination, [name]: value }, names).filter((key) => missing.has(key)).length;
    const best = choices[name].reduce((a, b) => (gain(b) > gain(a) ? b : a));
    combination[name] = best;
  }
  return combination as Combination;
}

function pairsOf<Name>(names: readonly Name[]): [Name, Name][] {
  return names.flatMap((a, index) => names.slice(index + 1).map((b): [Name, Name] => [a, b]));
}

function pairKeys<Combination>(choices: Choices<Combination>, a: keyof Combination, b: keyof Combination): string[] {
  return choices[a].flatMap((one) => choices[b].map((other) => keyOf(a, one, b, other)));
}

/** The pairs that a combination, complete or not, has. */
function keysOf<Combination>(
  combination: Partial<Combination>,
  names: readonly (keyof Combination & string)[],
): string[] {
  const present = names.filter((name) => Object.hasOwn(combination, name));
  return pairsOf(present).map(([a, b]) => keyOf(a, combination[a], b, combination[b]));
}

function keyOf(a: PropertyKey, one: unknown, b: PropertyKey, other: unknown): string {
  return JSON.stringify([a, one, b, other]);
}
