import { createHash } from "node:crypto";
import type { ResourceId } from "@das/core";

/** The namespace of das's name-based identifiers (RFC 9562 §5.5): another one would orphan every audit that exists. */
const NAMESPACE = Buffer.from("6b1d3f0c5a2e4d7b9c8e41f2a7035d96", "hex");

/**
 * AUDIT_GUID of an audit: the same on every replica of the resource, so that database specifications, which travel with
 * their database and find their audit by it, go on after a failover; and the same after stop and start, stored nowhere.
 */
export function auditGuid(resourceId: ResourceId, audit: string): string {
  const hex = nameBasedId(`${resourceId}/${audit}`).toString("hex").toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** SID of a login that start makes: the same on every replica, so that its user in a database is the same person. */
export function loginSid(resourceId: ResourceId, login: string): string {
  return `0x${nameBasedId(`${resourceId}/login/${login}`).toString("hex").toUpperCase()}`;
}

/** UUIDv5: the first 16 bytes of SHA-1, with version and variant. Not a secret, and nothing depends on it being one. */
function nameBasedId(name: string): Buffer {
  const id = createHash("sha1").update(NAMESPACE).update(name, "utf8").digest().subarray(0, 16);
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x50, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  return id;
}
