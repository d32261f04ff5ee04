import type { PlannedStatement } from "@das/core";
import { quoteName } from "../check/statement.ts";
import { areEqual, disableTexts, enableTexts, withoutReader } from "./enabling.ts";
import { ASKED_FUNCTION, OWN_POLICIES, STATE_TABLE } from "./names.ts";
import { unlockStatement } from "./plan-policy.ts";
import { parameterStatement } from "./plan-start.ts";
import { plannedAt, programAt } from "./planned.ts";
import { programsOf } from "./programs.ts";
import type { ProvisionFacts } from "./provision-facts.ts";
import { NOTHING_RECORDED } from "./recorded-changes.ts";
import { interruptedPolicies, leaveToSite } from "./site-policies.ts";
import { leavesRules, presentRules } from "./vault-rules.ts";

/**
 * What a start changed comes back, and what it made goes. The publisher's account and its rights stay: it waits with
 * them for the next start. The state goes last, so that a stop that died can go on.
 */
export function planStop(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, state, objects } = found;
  const planned = plannedAt(place);
  const recorded = state?.changes ?? NOTHING_RECORDED;
  const isMade = (name: string) => recorded.made.includes(name);
  const owner = quoteName(names.owner);
  const isAsked = leavesRules(found);
  const lastly =
    isMade(`user ${names.owner}`) && objects.has(STATE_TABLE) && !isAsked
      ? [planned(`drop the schema ${names.owner} with all that is in it`, `DROP USER ${owner} CASCADE`)]
      : [
          ...(isAsked ? alwaysUnlocked(found) : []),
          ...[...programsOf(names)]
            .toReversed()
            .filter(
              ({ name, kind, isReplaced }) =>
                kind !== "TRIGGER" &&
                objects.has(name) &&
                (isReplaced || isMade(`procedure ${name}`)) &&
                !(isAsked && name === ASKED_FUNCTION),
            )
            .map(({ name, kind }) =>
              planned(`drop the ${kind.toLowerCase()} ${names.owner}.${name}`, `DROP ${kind} ${owner}.${name}`),
            ),
          ...(objects.has(STATE_TABLE)
            ? [planned("drop the table of the policy's state", `DROP TABLE ${owner}.${STATE_TABLE} PURGE`)]
            : []),
        ];
  return [
    ...(state?.isLocked ? [unlockStatement(found)] : []),
    ...leaveToSite(found),
    ...presentRules(found),
    ...ownTrigger(found),
    ...recorded.parameters.map(({ name, was }) => parameterStatement(found, name, was, "restore")),
    ...recordedPolicies(found),
    ...ownPolicies(found, isMade),
    ...lastly,
  ];
}

/** What is left for the rules of Database Vault, until its owner removes them. */
function alwaysUnlocked({ place, names, objects }: ProvisionFacts): readonly PlannedStatement[] {
  if (objects.get(ASKED_FUNCTION)?.includes(ALWAYS_UNLOCKED)) return [];
  const name = `${quoteName(names.owner)}.das_is_locked`;
  return [
    programAt(place)(
      `leave ${names.owner}.${ASKED_FUNCTION}, which says unlocked, for rules of Database Vault that only its owner may remove`,
      `CREATE OR REPLACE FUNCTION ${name} RETURN NUMBER AS ${ALWAYS_UNLOCKED}`,
    ),
  ];
}

const ALWAYS_UNLOCKED = "BEGIN RETURN 0; END;";

/** First: while it stands, a state that is gone reads as locked. */
function ownTrigger({ place, names, objects }: ProvisionFacts): readonly PlannedStatement[] {
  return programsOf(names)
    .filter(({ name, kind }) => kind === "TRIGGER" && objects.has(name))
    .map(({ name }) =>
      plannedAt(place)(`drop the trigger ${names.owner}.${name}`, `DROP TRIGGER ${quoteName(names.owner)}.${name}`),
    );
}

/** Users' own policies, as they were enabled before the start; one that was dropped or enabled otherwise since stays. */
function recordedPolicies(found: ProvisionFacts): readonly PlannedStatement[] {
  const { place, names, policies, state } = found;
  const planned = plannedAt(place);
  const interrupted = interruptedPolicies(found);
  return (state?.changes.policies ?? []).flatMap(({ name, enablements }) => {
    const present = policies.find((policy) => policy.name === name);
    if (interrupted.some((policy) => policy.name === name)) {
      return enableTexts(name, enablements).map((text) => planned(`enable the audit policy ${name} as it was`, text));
    }
    const ours = withoutReader(enablements, names.reader);
    if (!present || !areEqual(present.enablements, ours) || areEqual(ours, enablements)) return [];
    return [
      ...disableTexts(name, present.enablements).map((text) =>
        planned(`end the audit policy ${name} for a moment`, text),
      ),
      ...enableTexts(name, enablements).map((text) => planned(`enable the audit policy ${name} as it was`, text)),
    ];
  });
}

function ownPolicies(
  { place, policies, presentPolicies: present }: ProvisionFacts,
  isMade: (name: string) => boolean,
): readonly PlannedStatement[] {
  const planned = plannedAt(place);
  return OWN_POLICIES.filter((name) => present.has(name) && isMade(`policy ${name}`)).flatMap((name) => {
    const enabled = policies.find((policy) => policy.name === name);
    return [
      ...disableTexts(name, enabled?.enablements ?? []).map((text) => planned(`end the audit policy ${name}`, text)),
      planned(`drop the audit policy ${name}`, `DROP AUDIT POLICY ${name}`),
    ];
  });
}
