import { expect, test } from "vitest";
import { serviceNameOf, wireVersion } from "./instance.ts";

test("versions are written as RDS writes them", () => {
  expect(wireVersion("15.0.4073.23")).toBe("15.00.4073.23.v1.R1");
  expect(wireVersion("13.0.7029.3")).toBe("13.00.7029.3.v1.R1");
});

test("editions have RDS's service names", () => {
  expect(serviceNameOf("Enterprise Edition: Core-based Licensing (64-bit)", 3)).toBe("sqlserver-ee");
  expect(serviceNameOf("Developer Edition (64-bit)", 3)).toBe("sqlserver-ee");
  expect(serviceNameOf("Standard Edition (64-bit)", 2)).toBe("sqlserver-se");
  expect(serviceNameOf("Web Edition (64-bit)", 2)).toBe("sqlserver-web");
  expect(serviceNameOf("Express Edition (64-bit)", 4)).toBe("sqlserver-ex");
});
