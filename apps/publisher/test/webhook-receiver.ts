import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";

export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What it was answered. */
  readonly status: number;
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly posts: ReceivedPost[];
  /** What the next posts are answered with, one after the other; then 204 to all. `hang`: nothing. */
  readonly answers: (number | "hang")[];
}

/** Somebody who takes notifications on a loopback port. @param tls PEM of a certificate and its key */
export async function startReceiver(tls?: {
  readonly certificate: string;
  readonly key: string;
}): Promise<WebhookReceiver> {
  const posts: ReceivedPost[] = [];
  const answers: (number | "hang")[] = [];
  const answer: RequestListener = async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const status = answers.shift() ?? 204;
    if (status === "hang") return;
    posts.push({ path: request.url ?? "", headers: request.headers, body, status });
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("what nobody reads");
  };
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, answer) : createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${address.port}/hooks/das?token=hidden`,
    posts,
    answers,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}
