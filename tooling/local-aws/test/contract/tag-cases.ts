import { AddTagsToStreamCommand, ListTagsForStreamCommand, RemoveTagsFromStreamCommand } from "@aws-sdk/client-kinesis";
import { expect } from "vitest";
import { refusal } from "../clients.ts";
import type { ContractCase } from "./contract-case.ts";

export const tagCases: readonly ContractCase[] = [
  {
    name: "tags are added, replaced, listed and removed",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      const add = (Tags: Record<string, string>) =>
        kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags }));
      await add({ "das status": "started", revision: "1", "ü_./=+-@": "ü_./=+-@" });
      await add({ revision: "2" });
      await kinesis.client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["das status", "absent"] }));
      const answer = await kinesis.client.send(new ListTagsForStreamCommand({ StreamName }));
      const tags = answer.Tags?.map(({ Key, Value }) => [Key, Value]).toSorted();
      expect(tags).toEqual([
        ["revision", "2"],
        ["ü_./=+-@", "ü_./=+-@"],
      ]);
      expect(answer.HasMoreTags).toBe(false);
    },
  },
  {
    name: "tags take only some characters",
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      for (const text of ["a;b", "a,b", "a\tb", "a\nb", 'a"b', "{a}"]) {
        const call = kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { key: text } }));
        expect([text, await refusal(call)]).toEqual([text, "InvalidArgumentException"]);
      }
    },
  },
  {
    name: "tags take the % that the API reference lists, and not the colon that it does not",
    deviates: { "kinesis-mock": "takes the colon and not the %, as AWS has been seen to do" },
    run: async (kinesis) => {
      const StreamName = await kinesis.create();
      await kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { key: "arn%3Aaws" } }));
      const call = kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { key: "arn:aws" } }));
      expect(await refusal(call)).toBe("InvalidArgumentException");
    },
  },
];
