import { expect, test } from "vitest";
import { signBody } from "./sign-body.ts";

test("a signature is what anybody computes who knows the secret", () => {
  // python3: hmac.new(b"whsec-test", b'1700000000.{"key":"a"}', hashlib.sha256).hexdigest()
  expect(signBody("whsec-test", '{"key":"a"}', 1_700_000_000)).toBe(
    "t=1700000000,v1=0bec34c01ca9795415210a862e3d29c9046c5b650b8828bf49638a6e3ca34bb6",
  );
});
