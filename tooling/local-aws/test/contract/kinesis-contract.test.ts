import { afterAll, describe } from "vitest";
import { startLocalAws } from "../../src/index.ts";
import { clientsOf } from "../clients.ts";
import { checkContract } from "./contract-case.ts";
import { iteratorCases } from "./iterator-cases.ts";
import { type KinesisMock, startKinesisMock } from "./kinesis-mock.ts";
import { putCases } from "./put-cases.ts";
import { reshardCases } from "./reshard-cases.ts";
import { streamCases } from "./stream-cases.ts";
import { tagCases } from "./tag-cases.ts";

/** The same cases against ours and against an independent imitation, so that neither ours nor our idea of it drifts. */
const CASES = [...streamCases, ...putCases, ...iteratorCases, ...reshardCases, ...tagCases];

const ours = await startLocalAws({ durations: { create: 20, update: 20, delete: 20 } });
const ourClients = clientsOf(ours);
afterAll(async () => {
  ourClients[Symbol.dispose]();
  await ours[Symbol.asyncDispose]();
});

describe("local-aws", () => {
  const { accountId, region } = ours;
  checkContract(CASES, { name: "local-aws", client: ourClients.kinesis, accountId, region });
});

const mock: KinesisMock | Error = await startKinesisMock().catch((error: Error) => error);

if (mock instanceof Error) {
  process.stderr.write(
    `SKIPPED: ${CASES.length} contract cases were not checked against kinesis-mock: ${mock.message}\n`,
  );
  describe.skip(`kinesis-mock, skipped: ${mock.message}`, () => {
    checkContract(CASES, { name: "kinesis-mock", client: ourClients.kinesis, accountId: "", region: "" });
  });
} else {
  const clients = clientsOf({ ...mock, credentials: ours.credentials });
  afterAll(async () => {
    clients[Symbol.dispose]();
    await mock[Symbol.asyncDispose]();
  });
  describe("kinesis-mock", () => {
    const { accountId, region } = mock;
    checkContract(CASES, { name: "kinesis-mock", client: clients.kinesis, accountId, region });
  });
}
