import { parentPort } from "node:worker_threads";
import type { DataKey } from "../src/index.ts";
import { seal } from "../src/seal.ts";

/** Seals what it is sent, or says what it sees of a key. */
export type WorkerRequest = { readonly seal: string; readonly dataKey: DataKey } | { readonly look: Uint8Array };

parentPort?.on("message", async (request: WorkerRequest) => {
  if ("look" in request) {
    parentPort?.postMessage([...request.look]);
    return;
  }
  const { bytes } = await seal(request.seal, request.dataKey, "1.4");
  parentPort?.postMessage(bytes, [bytes.buffer]);
});
