import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { DataKeyCache, DataKeyLender, open } from "../src/index.ts";
import { RESOURCE_ID } from "./keys.ts";
import { KmsStub } from "./kms-stub.ts";
import type { WorkerRequest } from "./seal-worker.ts";

const INNER = {
  type: "DatabaseActivityMonitoringRecord",
  clusterId: "",
  instanceId: RESOURCE_ID,
  databaseActivityEventList: [{ type: "heartbeat" }],
};

test("a worker thread seals with the lent key, and sees it zeroed when it is dropped here", async () => {
  const kms = new KmsStub();
  const lender = new DataKeyLender({ kms, keyId: "alias/das", resourceId: RESOURCE_ID });
  const worker = new Worker(new URL("./seal-worker.ts", import.meta.url));
  const ask = async (request: WorkerRequest): Promise<unknown> => {
    worker.postMessage(request);
    const [answer] = await once(worker, "message");
    return answer;
  };
  try {
    const lease = await lender.lend();
    const { plaintext, encrypted } = lease;

    const sealed = await ask({ seal: JSON.stringify(INNER), dataKey: { plaintext, encrypted } });

    using keys = new DataKeyCache({ kms, resourceId: RESOURCE_ID });
    expect((await open(sealed as Uint8Array, keys)).inner).toEqual(INNER);
    expect(await ask({ look: plaintext })).toEqual([...kms.plaintextOf(encrypted)]);
    lender[Symbol.dispose]();
    expect(await ask({ look: plaintext })).toEqual([...kms.plaintextOf(encrypted)]);
    lease[Symbol.dispose]();
    expect(await ask({ look: plaintext })).toEqual(Array(32).fill(0));
  } finally {
    await worker.terminate();
  }
});
