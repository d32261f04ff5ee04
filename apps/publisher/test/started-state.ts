import type { StreamState } from "../src/lifecycle/stream-state.ts";

/** What das start leaves behind, as far as a test does not say otherwise. */
export function startedState(parts: Partial<StreamState>): StreamState {
  return {
    generation: 1,
    revision: 1,
    writer: "test",
    status: "started",
    mode: "async",
    policy: "locked",
    "native-audit-fields": "false",
    "kms-key-id": "",
    "start-at": "oldest",
    "started-at": "2026-01-01 00:00:00.0000000+00",
    "changed-at": "2026-01-01 00:00:00.0000000+00",
    "changed-by": "admin",
    ...parts,
  };
}
