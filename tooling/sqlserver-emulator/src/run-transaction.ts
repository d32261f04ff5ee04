/** What BEGIN, COMMIT and ROLLBACK do to a session, whether they come as T-SQL or as a request of their own. */
import { releaseTransaction } from "./application-locks.ts";
import type { Engine } from "./engine.ts";
import type { SessionState } from "./session-state.ts";
import { ServerError } from "./sql/server-error.ts";
import { rollBack } from "./transaction.ts";

export type TransactionVerb = "begin" | "commit" | "rollback";

/** The descriptor of the transaction that began or ended; undefined when only the count of BEGINs changed. */
export function runTransaction(verb: TransactionVerb, engine: Engine, session: SessionState): bigint | undefined {
  const { transaction } = session;
  if (verb === "begin") {
    if (transaction) {
      session.transaction = { ...transaction, depth: transaction.depth + 1 };
      return undefined;
    }
    const descriptor = BigInt(engine.nextTransactionId());
    session.transaction = { depth: 1, descriptor, before: engine.state };
    return descriptor;
  }
  if (!transaction) throw noTransaction(verb);
  if (verb === "commit" && transaction.depth > 1) {
    session.transaction = { ...transaction, depth: transaction.depth - 1 };
    return undefined;
  }
  if (verb === "rollback") engine.change((state) => rollBack(state, transaction.before));
  session.transaction = null;
  engine.locks = releaseTransaction(engine.locks, session.id);
  return transaction.descriptor;
}

function noTransaction(verb: "commit" | "rollback"): ServerError {
  const [number, written] = verb === "commit" ? [3902, "COMMIT"] : [3903, "ROLLBACK"];
  return new ServerError(number, `The ${written} TRANSACTION request has no corresponding BEGIN TRANSACTION.`);
}
