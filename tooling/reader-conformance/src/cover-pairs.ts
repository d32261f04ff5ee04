/** What a test varies: for each name the values that it may take. */
export type Choices<Combination> = { readonly [Name in keyof Combination]: readonly Combination[Name][] };

/**
 * Combinations in which every pair of values of two names occurs at least once: the few out of thousands that find what
 * depends on one value or on two. Greedy and deterministic, so that a failing combination is the same in every run.
 */
export function coverPairs<Combination extends object>(choices: Choices<Combination>): readonly Combination[] {
  const names = Object.keys(choices) as Name<Combination>[];
  const missing = new Map<string, Partial<Combination>>();
  for (const [a, b] of pairsOf(names)) {
    for (const one of choices[a]) {
      for (const other of choices[b]) {
        const pair = { [a]: one, [b]: other } as unknown as Partial<Combination>;
        for (const key of keysOf(pair, names)) missing.set(key, pair);
      }
    }
  }
  const combinations: Combination[] = [];
  for (;;) {
    const gain = (candidate: Partial<Combination>) => keysOf(candidate, names).filter((key) => missing.has(key)).length;
    const [beginning] = missing.values();
    if (!beginning) return combinations;
    const combination = complete(beginning, choices, names, gain);
    for (const key of keysOf(combination, names)) missing.delete(key);
    combinations.push(combination);
  }
}

type Name<Combination> = keyof Combination & string;

/** Gives each other name the value that gains the most. */
function complete<Combination extends object>(
  beginning: Partial<Combination>,
  choices: Choices<Combination>,
  names: readonly Name<Combination>[],
  gain: (candidate: Partial<Combination>) => number,
): Combination {
  let combination = beginning;
  for (const name of names) {
    if (Object.hasOwn(combination, name)) continue;
    const candidates = choices[name].map((value) => ({ ...combination, [name]: value }));
    combination = candidates.reduce((a, b) => (gain(b) > gain(a) ? b : a));
  }
  return combination as Combination;
}

function pairsOf<Item>(items: readonly Item[]): [Item, Item][] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b): [Item, Item] => [a, b]));
}

/** The pairs that a combination, complete or not, has. */
function keysOf<Combination extends object>(
  combination: Partial<Combination>,
  names: readonly Name<Combination>[],
): string[] {
  const present = names.filter((name) => Object.hasOwn(combination, name));
  return pairsOf(present).map(([a, b]) => JSON.stringify([a, combination[a], b, combination[b]]));
}
