import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What went through the proxy, up to now. */
export interface WireCounts {
  /** Bytes from the client to the server. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** How often the client spoke after the server had: each costs the network's latency once. */
  readonly roundTrips: number;
}

/** Stands between a client and a server on loopback and counts; it changes nothing, so TLS goes through it. */
export class CountingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #bytesUp = 0;
  #bytesDown = 0;
  #roundTrips = 0;
  #clientSpoke = false;

  private constructor(targetPort: number) {
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client, targetPort));
  }

  /** @param targetPort of a server on this machine */
  static async open(targetPort: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return address.port;
  }

  counts(): WireCounts {
    return { bytesUp: this.#bytesUp, bytesDown: this.#bytesDown, roundTrips: this.#roundTrips };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket, targetPort: number): void {
    const server = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    client.on("data", (chunk: Buffer) => {
      this.#bytesUp += chunk.length;
      if (!this.#clientSpoke) this.#roundTrips += 1;
      this.#clientSpoke = true;
    });
    server.on("data", (chunk: Buffer) => {
      this.#bytesDown += chunk.length;
      this.#clientSpoke = false;
    });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      // Whichever side ends, the other one sees it; a cut connection is the reader's affair, not the proxy's.
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
