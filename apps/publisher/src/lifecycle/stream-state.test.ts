import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startedState } from "../../test/started-state.ts";
import { stateNotices } from "./state-notice.ts";
import { stateOf, tagsOf } from "./stream-state.ts";
import { fromTagText, toTagText } from "./tag-text.ts";

describe("a text in a tag", () => {
  test("comes back as it was, in characters that Kinesis was seen to take", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const written = toTagText(text);
        expect(written).toMatch(/^[A-Za-z0-9_/=+@-]*$/);
        expect(fromTagText(written)).toBe(text);
      }),
    );
  });

  test("that das did not write is told apart", () => {
    for (const text of ["a b", "=4", "=61", "=FF", "a:b"]) expect(fromTagText(text)).toBeUndefined();
  });
});

describe("the state in the tags", () => {
  const state = startedState({
    "kms-key-id": "arn:aws:kms:eu-central-1:123456789012:key/1",
    "changed-by": "DOMÄN\\dba",
  });

  test("comes back as it was, among the tags of others", () => {
    const tags = new Map([...Object.entries(tagsOf(state)), ["owner", "us"]]);
    expect(stateOf(tags)).toEqual({ kind: "state", state });
    expect(stateOf(new Map([["owner", "us"]]))).toEqual({ kind: "none" });
  });

  test("that somebody changed is told by its tags, each once", () => {
    const changed = { ...tagsOf(state), "das-status": "paused", "das-revision": "-1" };
    const { "das-writer": _, ...incomplete } = tagsOf(state);
    expect(stateOf(new Map(Object.entries(changed)))).toEqual({
      kind: "foreign",
      problems: ["the tag das-revision is not what das writes", "the tag das-status is not what das writes"],
    });
    expect(stateOf(new Map(Object.entries(incomplete)))).toMatchObject({
      problems: ["the tag das-writer is not what das writes"],
    });
  });
});

describe("what is told of a state", () => {
  const later = { "changed-at": "2026-01-02 00:00:00.0000000+00" };

  test.each([
    [{}, "START", "generation 1 of the activity stream is started by admin"],
    [{ status: "starting" }, "START", "generation 1 of the activity stream is started by admin"],
    [{ ...later, policy: "unlocked" }, "MODIFY", "the audit policy is unlocked by admin"],
    // On the way the last change is still the one before, and is told as it was.
    [{ ...later, policy: "locking-policy" }, "MODIFY", "the audit policy is unlocked by admin"],
    [{ policy: "unlocking-policy" }, "START", "generation 1 of the activity stream is started by admin"],
    [{ ...later, status: "stopping" }, "STOP", "generation 1 of the activity stream is stopped by admin"],
  ] as const)("%j: %s", (parts, command, cause) => {
    const state = startedState(parts);
    expect(stateNotices(state)).toEqual([{ command, cause, startTime: state["changed-at"], endTime: null }]);
  });

  test("a start tells the stop before it as that stop itself would have been told", () => {
    const stopped = startedState({ ...later, generation: 4, status: "stopped" });
    const again = startedState({
      ...{ generation: 5, "kms-key-id": "key" },
      ...{ "started-at": "2026-01-03 00:00:00.0000000+00", "changed-at": "2026-01-03 00:00:00.0000000+00" },
      ...{ "stopped-at": later["changed-at"], "stopped-by": "admin" },
    });
    expect(stateNotices(again).map(({ command }) => command)).toEqual(["STOP", "START"]);
    expect(stateNotices(again).slice(0, 1)).toEqual(stateNotices(stopped));
    expect(stateOf(new Map(Object.entries(tagsOf(again))))).toEqual({ kind: "state", state: again });
  });
});
