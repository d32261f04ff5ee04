import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Dispatcher } from "./dispatcher.ts";

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

const HOST = "127.0.0.1";
/** A PutRecords of 10 MiB is 14 MB in base64. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * HTTP/1.1 on loopback, and nowhere else.
 * @param port 0: any free one
 * @throws Error with code EADDRINUSE when somebody else listens there
 */
export async function startHttpServer(dispatcher: Dispatcher, port: number): Promise<HttpServer> {
  const server = createServer((request, response) => {
    respond(dispatcher, request, response).catch(() => request.socket.destroy());
  });
  // Clients keep connections for later. Ending an idle one races with the next call on it, so we let them do it.
  server.keepAliveTimeout = 0;
  server.on("clientError", refuse);
  server.listen(port, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { port: address.port, [Symbol.asyncDispose]: () => close(server) };
}

async function respond(dispatcher: Dispatcher, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (!body) {
    response.writeHead(413, { connection: "close" }).end();
    return;
  }
  const { method = "", url = "/", headers } = request;
  const answer = await dispatcher.answer({ method, url, headers, body });
  if (!answer) {
    request.socket.destroy();
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) });
  response.end(answer.body);
}

/** Undefined when it is larger than any call can be. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/**
 * The AWS SDK for JavaScript speaks HTTP/2 to Kinesis unless it is told not to. The protocol's own word for what to do
 * is GOAWAY with HTTP_1_1_REQUIRED (RFC 9113 §6.8, §7); the SDK shows it as "error code 13", hence the warning.
 */
const HTTP2_PREFACE = "PRI * HTTP/2.0";
const HTTP2_REFUSAL = Buffer.from(
  "000000040000000000" + // our SETTINGS, empty
    "000008070000000000" + // a GOAWAY of 8 bytes on stream 0:
    "00000000" + // no stream was handled
    "0000000d", // HTTP_1_1_REQUIRED
  "hex",
);

function refuse(error: NodeJS.ErrnoException & { rawPacket?: unknown }, socket: Socket): void {
  if (!socket.writable) return;
  const { rawPacket } = error;
  if (Buffer.isBuffer(rawPacket) && rawPacket.toString("latin1").startsWith(HTTP2_PREFACE)) {
    process.emitWarning(
      "a caller spoke HTTP/2, and local-aws speaks HTTP/1.1: give the SDK's client a NodeHttpHandler",
      {
        code: "LOCAL_AWS_HTTP2",
      },
    );
    socket.end(HTTP2_REFUSAL);
  } else {
    socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, "close");
}
