import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isSupportedClass, judgeSupported } from "./judge-supported.ts";

/** "Supported DB instance classes for database activity streams", copied from the RDS user guide's overview. */
const overview = JSON.parse(
  readFileSync(new URL("../../test/fixtures/overview-instance-classes.json", import.meta.url), "utf8"),
) as { readonly oracle: readonly string[]; readonly sqlserver: readonly string[] };

describe.each(["oracle", "sqlserver"] as const)("an instance class for %s", (engine) => {
  test.each(overview[engine])("%s of the overview is supported in all its sizes, on EC2 as well", (pattern) => {
    for (const size of ["large", "xlarge", "2xlarge", "24xlarge"]) {
      const name = pattern.replace("*large", size).replace("tpc*", "tpc2").replace("mem*x", "mem4x");
      expect(name).not.toContain("*");
      expect(isSupportedClass(engine, name)).toBe(true);
      expect(isSupportedClass(engine, name.replace("db.", ""))).toBe(true);
    }
  });

  test.each([
    "db.t3.large",
    "db.r5.medium",
    "db.r5.metal",
    "db.r7i.2xlarge",
    "db.r5",
    "r5.largest",
    "db.m5.large.tpc1.mem2x",
  ])("%s is not", (name) => {
    expect(isSupportedClass(engine, name)).toBe(false);
  });
});

describe("what RDS would say", () => {
  const server = { version: "15.0.4073.23", edition: "Enterprise Edition", isContainerDatabase: false };
  const here = { engine: "sqlserver", region: "eu-central-1", instanceClass: "db.r5.large", server } as const;
  const oracle = { ...here, engine: "oracle" } as const;
  const of = (version: string, edition = "EE", isContainerDatabase = false) => ({
    version,
    edition,
    isContainerDatabase,
  });

  test.each([
    [here],
    [{ ...here, server: undefined }],
    [{ ...oracle, server: of("19.22.0.0.0", "SE2") }],
    [{ ...oracle, server: of("19.0.0.0.0") }],
  ])("nothing against it %#", (instance) => {
    expect(judgeSupported(instance)).toMatchObject({ status: "ok", id: "supported-configuration" });
  });

  test.each([
    [{ ...here, instanceClass: "t3.large" }, "t3.large is not among its instance classes"],
    [{ ...here, region: "eu-central-2" }, "none in eu-central-2 (Zurich)"],
    [
      { ...here, server: { ...server, version: "12.0.6024.0" } },
      "SQL Server 12.0.6024.0 is none of 2016, 2017, 2019, 2022",
    ],
    [{ ...oracle, server: of("21.3.0.0.0") }, "Oracle 21.3.0.0.0 is not 19c from 19.4 on"],
    [{ ...oracle, server: of("19.3.0.0.0") }, "Oracle 19.3.0.0.0 is not 19c from 19.4 on"],
    [
      { ...oracle, server: of("19.22.0.0.0", "XE", true) },
      "the edition XE is none of EE, SE2; it has pluggable databases",
    ],
  ])("why not %#", (instance, why) => {
    expect(judgeSupported(instance)).toMatchObject({
      status: "warning",
      what: `RDS would have no activity stream here: ${why}`,
    });
  });
});
