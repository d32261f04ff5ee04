import { ALL_USERS, type Enablement } from "../check/policies.ts";
import { quoteName } from "../check/statement.ts";

/** AUDIT POLICY for each way in which a policy is enabled. */
export function enableTexts(policy: string, enablements: readonly Enablement[]): readonly string[] {
  const excepted = enablements.filter(({ way }) => way === "except");
  // The list after EXCEPT counts as a whole: a later one replaces it.
  const lists = [
    ...(excepted.length > 0 ? [excepted] : []),
    ...enablements.filter(({ way }) => way !== "except").map((each) => [each]),
  ];
  return lists.map((list) => {
    const [first] = list;
    return `AUDIT POLICY ${quoteName(policy)}${first ? clause(list, first) : ""}`;
  });
}

function clause(list: readonly Enablement[], { way, entity, success, failure }: Enablement): string {
  const names = list.map((each) => quoteName(each.entity)).join(", ");
  const outcome = success === failure ? "" : ` WHENEVER${success ? "" : " NOT"} SUCCESSFUL`;
  if (way === "except") return ` EXCEPT ${names}${outcome}`;
  if (way === "by role") return ` BY USERS WITH GRANTED ROLES ${names}${outcome}`;
  return entity === ALL_USERS ? outcome : ` BY ${names}${outcome}`;
}

/** NOAUDIT POLICY for each of them. */
export function disableTexts(policy: string, enablements: readonly Enablement[]): readonly string[] {
  const texts = enablements.map(({ way, entity }) => {
    if (way === "by role")
      return `NOAUDIT POLICY ${quoteName(policy)} BY USERS WITH GRANTED ROLES ${quoteName(entity)}`;
    const isOne = way === "by" && entity !== ALL_USERS;
    return `NOAUDIT POLICY ${quoteName(policy)}${isOne ? ` BY ${quoteName(entity)}` : ""}`;
  });
  return [...new Set(texts)];
}

/** The same policy without the reader, whose polls would feed themselves. By role it stays: only the site can say who else. */
export function withoutReader(enablements: readonly Enablement[], reader: string): readonly Enablement[] {
  const others = enablements.filter(({ way, entity }) => !(way === "by" && entity === reader));
  const excepted = others.filter(({ way }) => way === "except");
  const everybody = others.find(({ way, entity }) => way === "by" && entity === ALL_USERS);
  const outcome = excepted[0] ?? everybody;
  if (!outcome) return others;
  const entities = [...new Set([...excepted.map(({ entity }) => entity), reader])];
  return entities.map((entity) => ({ ...outcome, way: "except", entity }));
}

/** In whatever order. */
export function areEqual(some: readonly Enablement[], others: readonly Enablement[]): boolean {
  const texts = (list: readonly Enablement[]) =>
    list
      .map(({ way, entity, success, failure }) => JSON.stringify([way, entity, success, failure]))
      .toSorted()
      .join();
  return texts(some) === texts(others);
}
