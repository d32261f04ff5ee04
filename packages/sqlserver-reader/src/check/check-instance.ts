import type { CheckReport } from "@das/core";
import { Connection } from "../connection.ts";
import { Inquiry } from "./answer.ts";
import { about } from "./finding.ts";
import { lookAtInstance } from "./instance-facts.ts";
import { judgeServer } from "./judge-server.ts";
import { judgeConnected, judgeUnconnected } from "./reach.ts";
import { type CheckRequest, lookAtServer } from "./server-facts.ts";
import { judgeTls, lookAtEncryption } from "./tls.ts";

/**
 * Everything about one instance that its publisher depends on, as findings in a stable order. Never writes. What the
 * server refuses to tell is a finding too.
 * @throws UnavailableError when the connection is lost on the way; the signal's reason when it aborts
 */
export async function checkInstance(request: CheckRequest, signal: AbortSignal): Promise<CheckReport> {
  const { connection: options, clock, logger } = request;
  let connection: Connection;
  try {
    connection = await Connection.open(options, clock, logger);
  } catch (error) {
    return { findings: judgeUnconnected(options, error) };
  }
  await using _ = connection;
  const inquiry = new Inquiry(connection, signal);
  const findings = [...judgeConnected(options), judgeTls(options, await lookAtEncryption(inquiry))];
  const instance = await lookAtInstance(inquiry);
  if (!instance.known) {
    const { failure } = about("version", "What there is to ask depends on the version");
    return { findings: [...findings, failure(`the server does not say what it is (${instance.reason})`)] };
  }
  const { productVersion: version, edition } = instance.value;
  return {
    findings: [...findings, ...judgeServer(await lookAtServer(request, inquiry, instance.value, signal))],
    server: { version, edition, isContainerDatabase: false },
  };
}
