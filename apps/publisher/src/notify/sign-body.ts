import { createHmac } from "node:crypto";

/**
 * The header `das-signature` of a webhook: `t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. The time is
 * signed too, so that a receiver can refuse what somebody recorded and sends again later.
 */
export function signBody(secret: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
