import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { test } from "vitest";
import { ContractSubject } from "./contract-subject.ts";

/** A Kinesis that the contract is checked against. */
export interface ContractTarget {
  readonly name: "local-aws" | "kinesis-mock";
  readonly client: KinesisClient;
  readonly accountId: string;
  readonly region: string;
}

export interface ContractCase {
  readonly name: string;
  readonly run: (kinesis: ContractSubject) => Promise<void>;
  /** Who is known to behave otherwise, and how. The case has to fail there: a waiver that is no longer true fails. */
  readonly deviates?: Partial<Record<ContractTarget["name"], string>>;
}

/** Runs cases against a target. */
export function checkContract(cases: readonly ContractCase[], target: ContractTarget): void {
  for (const { name, run, deviates } of cases) {
    const deviation = deviates?.[target.name];
    const check = async (): Promise<void> => {
      await using subject = new ContractSubject(target);
      await run(subject);
    };
    if (deviation === undefined) test(name, check);
    else test.fails(`${name} [${target.name} deviates: ${deviation}]`, check);
  }
}
