import { inspect } from "node:util";
import { expect, test } from "vitest";
import { classifyError, ServerError } from "./classify-error.ts";

const options = { instanceId: "a", host: "10.0.1.30", user: "rds_das_reader", password: "not-to-be-seen" };
const driverError = (parts: object, message = "boom") => Object.assign(new Error(message), parts);

test.each([
  [driverError({ code: "ELOGIN", number: 18456 }), "RefusedError", "login-refused"],
  [driverError({ code: "EREQUEST", number: 300 }), "RefusedError", "right-missing"],
  [driverError({ code: "EENCRYPT" }), "RefusedError", "tls-refused"],
  [
    driverError({ code: "ESOCKET" }, "Failed to connect - self-signed certificate"),
    "RefusedError",
    "certificate-refused",
  ],
  [
    driverError({ code: "ESOCKET" }, "Failed to connect to 10.0.1.30:1433 - ECONNREFUSED"),
    "UnavailableError",
    "database-unavailable",
  ],
  [driverError({ code: "ETIMEOUT" }), "UnavailableError", "database-unavailable"],
  [driverError({ code: "EREQUEST", number: 40613 }), "UnavailableError", "database-unavailable"],
])("%o is a %s", (error, name, code) => {
  const classified = classifyError(error, options);
  expect(classified).toMatchObject({ name, code });
  expect(classified.message).toContain('instance "a" at 10.0.1.30:1433');
  expect(inspect(classified)).not.toContain(options.password);
});

test("another error of the server is left to who sent the statement", () => {
  const error = classifyError(driverError({ code: "EREQUEST", number: 33225 }, "text"), options);
  expect(error).toBeInstanceOf(ServerError);
  expect(error).toMatchObject({ number: 33225, message: "SQL Server error 33225" });
});
