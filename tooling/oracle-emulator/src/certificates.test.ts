import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { makeServerCertificate } from "./certificates.ts";

const NOW = Date.UTC(2026, 10, 22);

test("the server's certificate is signed by the authority, for this machine, for ten years", () => {
  const made = makeServerCertificate(NOW, ["db.example"]);
  const authority = new X509Certificate(made.ca);
  const server = new X509Certificate(made.certificate);
  expect([authority.ca, server.ca]).toEqual([true, false]);
  expect(authority.verify(authority.publicKey)).toBe(true);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkIssued(authority)).toBe(true);
  expect(server.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
  for (const name of ["localhost", "db.example"]) expect(server.checkHost(name)).toBe(name);
  for (const address of ["127.0.0.1", "::1"]) expect(server.checkIP(address)).toBe(address);
  expect(server.checkHost("other.example")).toBeUndefined();
  expect(new Date(server.validFrom).getTime()).toBeLessThan(NOW);
  expect(new Date(server.validTo).getUTCFullYear()).toBe(2036);
  expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
});

test("no two are alike", () => {
  const [one, other] = [makeServerCertificate(NOW), makeServerCertificate(NOW)];
  expect(new X509Certificate(one.certificate).serialNumber).not.toBe(
    new X509Certificate(other.certificate).serialNumber,
  );
  expect(new X509Certificate(one.certificate).verify(new X509Certificate(other.ca).publicKey)).toBe(false);
});
