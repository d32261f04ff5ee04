import { DasError, type UtcTime, utcTime } from "@das/core";
import type { PolicyLook, PolicyRefusal, PolicyServer } from "./audit-server.ts";
import { demandAnswer as demand, Inquiry, UnansweredError } from "./check/answer.ts";
import { ServerError } from "./classify-error.ts";
import type { Connection } from "./connection.ts";
import { textOf } from "./instance.ts";
import { standbyReason } from "./provision/instance-role.ts";
import { HEAL } from "./provision/names.ts";
import { lookAtPolicy } from "./provision/policy-facts.ts";
import { lookAtRecord } from "./provision/policy-record.ts";

/** The reader's own look at the policy, and the one thing that it may do about it. */
export function policyServer(connection: Connection): PolicyServer {
  return {
    look: async (signal): Promise<PolicyLook | PolicyRefusal> => {
      const inquiry = new Inquiry(connection, signal);
      try {
        const [now] = demand(await inquiry.ask("SELECT CONVERT(char(27), SYSUTCDATETIME(), 121) AS now"));
        const observedAt: UtcTime = utcTime(textOf(now?.[0]));
        const isStandby = (await standbyReason(inquiry, demand)) !== undefined;
        const facts = await lookAtPolicy(inquiry, demand);
        const record = demand(await lookAtRecord(inquiry));
        return { observedAt, isStandby, record, facts };
      } catch (error) {
        if (error instanceof UnansweredError) return { refusal: error.message };
        if (signal.aborted) return { refusal: "aborted" };
        throw error;
      }
    },
    heal: async (signal) => {
      try {
        await connection.query(`EXEC master.${HEAL.name};`, [], { onRow: () => undefined }, signal);
        return undefined;
      } catch (error) {
        const isRefused = error instanceof ServerError || (error instanceof DasError && !error.retryable);
        if (!isRefused) throw error;
        return error.message;
      }
    },
  };
}
