import { afterAll, describe } from "vitest";
import { startLocalAws } from "../src/index.ts";
import { clientsOf } from "./clients.ts";
import { checkContract } from "./kinesis-contract.ts";
import { type KinesisMock, startKinesisMock } from "./kinesis-mock.ts";

/** The same cases against ours and against an independent imitation, so that neither ours nor our idea of it drifts. */

const ours = await startLocalAws({ durations: { create: 20, update: 20, delete: 20 } });
const ourClients = clientsOf(ours);
afterAll(async () => {
  ourClients[Symbol.dispose]();
  await ours[Symbol.asyncDispose]();
});

describe("local-aws", () => {
  const { accountId, region } = ours;
  checkContract({ name: "local-aws", client: () => ourClients.kinesis, accountId, region });
});

const mock: KinesisMock | Error = await startKinesisMock().catch((error: Error) => error);

if (mock instanceof Error) {
  describe.skip(`kinesis-mock, skipped: ${mock.message}`, () => {
    checkContract({ name: "kinesis-mock", client: () => ourClients.kinesis, accountId: "", region: "" });
  });
} else {
  const clients = clientsOf({ ...mock, credentials: ours.credentials });
  afterAll(async () => {
    clients[Symbol.dispose]();
    await mock[Symbol.asyncDispose]();
  });
  describe("kinesis-mock", () => {
    const { accountId, region } = mock;
    checkContract({ name: "kinesis-mock", client: () => clients.kinesis, accountId, region });
  });
}
