import { systemClock } from "@das/core";
import { makeServerCertificate } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { testNotification } from "../src/notify/notification.ts";
import { signBody } from "../src/notify/sign-body.ts";
import { Webhook, type WebhookOptions } from "../src/notify/webhook.ts";
import { startReceiver } from "./webhook-receiver.ts";

const notification = testNotification(
  { resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ", engine: "oracle", region: "eu-central-1", instance: "a" },
  "2026-01-01 00:00:00.000000+00",
  "the key",
);

const post = (url: string, options: Partial<WebhookOptions> = {}, signal = new AbortController().signal) =>
  new Webhook({ url, clock: systemClock, ...options }).deliver(notification, signal);

describe("a webhook", () => {
  test("posts JSON with its key, and signs what it posts", async () => {
    await using receiver = await startReceiver();
    const clock = { now: () => 1_700_000_000_999 };
    await post(receiver.url, { secret: "geheim ü", authorization: "Bearer b", clock });
    const [{ path, headers, body } = { path: "", headers: {}, body: "" }] = receiver.posts;
    expect(path).toBe("/hooks/das?token=hidden");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "the key",
      "das-signature": signBody("geheim ü", body, 1_700_000_000),
      authorization: "Bearer b",
    });
    expect(JSON.parse(body)).toEqual(notification);
  });

  test("says nothing of who it is when it has no secret", async () => {
    await using receiver = await startReceiver();
    await post(receiver.url);
    expect(receiver.posts[0]?.headers).not.toHaveProperty("das-signature");
    expect(receiver.posts[0]?.headers).not.toHaveProperty("authorization");
  });

  test.each([
    [500, true],
    [503, true],
    [408, true],
    [429, true],
    [302, false],
    [400, false],
    [401, false],
    [404, false],
    [410, false],
  ])("that is answered %i may be tried again: %s", async (status, retryable) => {
    await using receiver = await startReceiver();
    receiver.answers.push(status);
    const error = await post(receiver.url, { secret: "geheim" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ retryable, code: `webhook-answered-${status}` });
    const { message } = error as Error;
    expect(message).toContain(`${new URL(receiver.url).origin} answered ${status}`);
    // The rest of the URL may be a secret, too.
    expect(message).not.toMatch(/hooks|hidden|geheim/);
    expect(receiver.posts).toHaveLength(1);
  });

  test("whose receiver is away or silent may be tried again", async () => {
    const receiver = await startReceiver();
    receiver.answers.push("hang");
    await expect(post(receiver.url, { timeout: 50 })).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining("no answer in 50 ms"),
    });
    await receiver[Symbol.asyncDispose]();
    const error = await post(receiver.url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining("(ECONNREFUSED)") });
    expect((error as Error).message).not.toMatch(/hooks|hidden/);
  });

  test("over TLS trusts the authority of the configuration, and nobody unknown", async () => {
    const { ca, certificate, key } = makeServerCertificate(Date.now());
    await using receiver = await startReceiver({ certificate, key });
    await post(receiver.url, { certificateAuthorities: ca });
    expect(receiver.posts).toHaveLength(1);
    await expect(post(receiver.url)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringMatching(/\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\).*notify\.webhook\.caFile/),
    });
    expect(receiver.posts).toHaveLength(1);
  });

  test("ends at once when it is given up", async () => {
    await using receiver = await startReceiver();
    receiver.answers.push("hang");
    const giveUp = new AbortController();
    const posted = post(receiver.url, {}, giveUp.signal);
    giveUp.abort();
    await expect(posted).rejects.toMatchObject({ name: "AbortError" });
  });
});
