import { inspect } from "node:util";
import { expect, test } from "vitest";
import { classifyError, PlainTextError, ServerError, SessionSetupError, SilentServerError } from "./classify-error.ts";

const options = {
  instanceId: "a",
  host: "10.0.1.20",
  service: "das_local",
  user: "DAS_READER",
  password: "not-to-be-seen",
};

/** As the driver makes errors: `NJS-500` in front of the server's own where the connection went with it. */
function driverError(code: string, errorNum?: number, message = "boom"): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code, ...(errorNum !== undefined && { errorNum }) });
}

const serverError = (errorNum: number, message?: string) =>
  driverError(`ORA-${String(errorNum).padStart(5, "0")}`, errorNum, message);

test.each([
  [serverError(1017), "login-refused"],
  [serverError(28000), "login-refused"],
  [serverError(28001), "login-refused"],
  [driverError("NJS-116"), "login-refused"],
  [serverError(1045), "right-missing"],
  [serverError(942), "right-missing"],
  [serverError(1031), "right-missing"],
  [serverError(41900), "right-missing"],
  [serverError(6550, "line 3, column 8:\nPLS-00201: identifier 'SYS.DBMS_LOCK' must be declared"), "right-missing"],
  [serverError(604, "error occurred at recursive SQL level 1\nORA-01031: insufficient privileges"), "right-missing"],
  [driverError("NJS-533"), "tls-refused"],
  [new PlainTextError(), "tls-refused"],
  [driverError("NJS-506", undefined, "TLS handshake failure\nself-signed certificate"), "certificate-refused"],
  [driverError("NJS-506", undefined, "NJS-508: TLS detected an invalid certificate."), "certificate-refused"],
  [driverError("NJS-500", undefined, "ssl/tls alert certificate required:ssl3_read_bytes"), "certificate-refused"],
  [driverError("NJS-505"), "certificate-refused"],
  [new SessionSetupError(), "session-refused"],
])("a person has to act: %s", (error, code) => {
  const classified = classifyError(error, options, false);
  expect(classified).toMatchObject({ name: "RefusedError", code, retryable: false });
  expect(classified.message).toContain('instance "a" at 10.0.1.20:1521/das_local');
  expect(inspect(classified)).not.toContain(options.password);
});

// Oracle notes §6, and what the driver's source calls recoverable.
const RECOVERABLE = [
  28, 31, 376, 603, 1012, 1033, 1034, 1089, 1090, 1092, 1115, 2396, 3113, 3114, 3135, 12153, 12514, 12537, 12547, 12570,
  12571, 12583, 12757, 16456,
];

test.each(RECOVERABLE.map((number) => [number]))("ORA-%i passes, as the driver says", (number) => {
  expect(classifyError(serverError(number), options, true)).toMatchObject({ name: "UnavailableError" });
});

test.each([
  [serverError(8103)],
  [serverError(1555)],
  [serverError(22924)],
  [serverError(1109)],
  [serverError(1013)],
  [serverError(604, "error occurred at recursive SQL level 1\nORA-12345: unheard of")],
  [serverError(12801, "error signaled in parallel query server P000\nORA-08103: object no longer exists")],
  [driverError("NJS-500", 600, "connection was closed or broken\nORA-00600: internal error code")],
  [driverError("NJS-500")],
  [driverError("NJS-503", undefined, "could not be established\nconnect ECONNREFUSED 10.0.1.20:1521")],
  [driverError("NJS-510")],
  [driverError("NJS-511", undefined, "connection to listener was refused.\nCause: ORA-12528")],
  [driverError("NJS-530")],
  [new SilentServerError()],
])("%s passes", (error) => {
  const classified = classifyError(error, options, true);
  expect(classified).toMatchObject({ name: "UnavailableError", code: "database-unavailable", retryable: true });
  expect(classified.message).toContain("10.0.1.20:1521/das_local");
});

test.each(["NJS-518", "NJS-519"])("%s may be a database that is down as well as a wrong name, so it passes", (code) => {
  for (const reached of [false, true]) {
    const classified = classifyError(driverError(code), options, reached);
    expect(classified).toMatchObject({ name: "UnavailableError", code: "service-unknown", retryable: true });
    expect(classified.message).toMatch(/10\.0\.1\.20:1521\/das_local: .* is down, .* misspelled/);
  }
});

test("a port that ends a handshake is closing when it was well before", () => {
  const handshake = driverError("NJS-506", undefined, "disconnected before secure TLS connection was established");
  expect(classifyError(handshake, options, false)).toMatchObject({ code: "tls-refused" });
  expect(classifyError(handshake, options, true)).toMatchObject({ code: "database-unavailable" });
});

test("the reason is the most telling code there is", () => {
  const reason = (error: Error) => /\(([^)]*)\)/.exec(classifyError(error, options, true).message)?.[1];
  expect(reason(driverError("NJS-503", undefined, "\nconnect ECONNREFUSED 10.0.1.20:1521"))).toBe("ECONNREFUSED");
  expect(reason(driverError("NJS-511", undefined, "refused. Cause: ORA-12528"))).toBe("ORA-12528");
  expect(reason(driverError("NJS-500", 3113))).toBe("ORA-03113");
  expect(reason(driverError("NJS-510"))).toBe("NJS-510");
});

test("another error of the server is left to who sent the statement", () => {
  for (const number of [16000, 904, 20101]) {
    const error = classifyError(serverError(number, "text"), options, true);
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ number, message: `Oracle error ORA-${String(number).padStart(5, "0")}` });
  }
});

test("a mistake of our own stays what it is", () => {
  const mistake = new TypeError("undefined is not a function");
  expect(classifyError(mistake, options, true)).toBe(mistake);
});
