import { RESOURCE_ID_PATTERN } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfiguration } from "./load-configuration.ts";
import { configurationText, type NewConfiguration, newResourceId, passwordVariable } from "./new-configuration.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const orNot = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const newConfiguration: fc.Arbitrary<NewConfiguration> = fc.record({
  resourceId: fc.uint8Array({ minLength: 26, maxLength: 26 }).map((bytes) => newResourceId(() => bytes)),
  engine: fc.constantFrom("sqlserver", "oracle"),
  region: fc.constantFrom("eu-central-1", "us-gov-west-1"),
  kmsKeyId: text,
  account: orNot(fc.constant("012345678901")),
  nativeAuditFields: fc.boolean(),
  instances: fc.uniqueArray(
    fc.record({
      id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}$/),
      host: text,
      port: orNot(fc.integer({ min: 1, max: 65_535 })),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 3 },
  ),
  user: text,
  caFile: orNot(text),
  service: text,
  containers: fc.array(text, { maxLength: 2 }),
});

describe("a new configuration", () => {
  test("is read as it was meant, whatever the names hold", () => {
    fc.assert(
      fc.property(newConfiguration, (wanted) => {
        const { resource, stream, instances } = parseConfiguration(configurationText(wanted), "das.yaml");
        expect(resource).toEqual({ id: wanted.resourceId, engine: wanted.engine });
        const { region, kmsKeyId, account, nativeAuditFields } = stream;
        expect({ region, kmsKeyId, account, nativeAuditFields }).toEqual({
          region: wanted.region,
          kmsKeyId: wanted.kmsKeyId,
          account: wanted.account,
          nativeAuditFields: wanted.nativeAuditFields,
        });
        const usual = wanted.engine === "oracle" ? 1521 : 1433;
        for (const [index, instance] of instances.entries()) {
          const { id, host, port = usual } = wanted.instances[index] ?? {};
          expect(instance).toMatchObject({ id, host, port, user: wanted.user });
          expect(instance.tls).toMatchObject({ mode: "required" });
          expect(instance.tls.caFile).toBe(wanted.caFile);
          if ("service" in instance) {
            expect(instance).toMatchObject({ service: wanted.service, containers: wanted.containers });
          }
        }
        expect(instances).toHaveLength(wanted.instances.length);
      }),
    );
  });

  test("has a passwords' variable for each instance, which shells can set", () => {
    expect(passwordVariable({ id: "site-b", host: "h", port: undefined })).toBe("DAS_PASSWORD_SITE_B");
  });
});

test("a new resource id is made of all letters there are, as AWS's are", () => {
  const letters = newResourceId((count) => Uint8Array.from({ length: count }, (_, index) => index + 6));
  expect(letters).toBe("db-GHIJKLMNOPQRSTUVWXYZ234567");
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 26, maxLength: 26 }), (bytes) => {
      expect(newResourceId(() => bytes)).toMatch(RESOURCE_ID_PATTERN);
    }),
  );
});
