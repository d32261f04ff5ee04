import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { PlainTextError } from "./classify-error.ts";

/** Node publishes every socket that is made; whose it is, the asynchronous context tells. */
const SOCKET_MADE = "net.client.socket";
const openings = new AsyncLocalStorage<Links>();

/** Milliseconds of silence after which the kernel begins to ask whether the peer is still there. */
const KEEPALIVE_DELAY = 10_000;

/**
 * The sockets that the driver opens for one connection: one, or one more for each redirect. The driver hands them out
 * to nobody, and without them a call on a dead link cannot be ended: its `callTimeout` and `close` wait for the peer
 * as well (Oracle notes §6).
 */
export class Links {
  readonly #mustBeEncrypted: boolean;
  readonly #sockets: Socket[] = [];
  #closed = false;
  /** A peer was about to be talked to in plain text. */
  refusal: PlainTextError | undefined;

  constructor(mustBeEncrypted: boolean) {
    this.#mustBeEncrypted = mustBeEncrypted;
  }

  /** Runs what opens a connection; every socket that it makes is one of these. */
  async during<T>(open: () => Promise<T>): Promise<T> {
    const listener = (message: unknown) => {
      if (openings.getStore() === this) this.#add((message as { readonly socket: Socket }).socket);
    };
    subscribe(SOCKET_MADE, listener);
    try {
      return await openings.run(this, open);
    } finally {
      unsubscribe(SOCKET_MADE, listener);
    }
  }

  /** Whatever waits for a peer fails now; so does what is opened later. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) end(socket);
  }

  #add(socket: Socket): void {
    this.#sockets.push(socket);
    if (this.#closed) {
      end(socket);
      return;
    }
    socket.once("connect", () => {
      socket.setKeepAlive(true, KEEPALIVE_DELAY);
      setImmediate(() => this.#inspect(socket));
    });
  }

  /** A listener that is reached with TLS may redirect to an address without; then the driver reads the bare socket. */
  #inspect(socket: Socket): void {
    if (!this.#mustBeEncrypted || socket.listenerCount("data") === 0) return;
    this.refusal = new PlainTextError();
    end(socket);
  }
}

/**
 * With an error: the driver takes note of errors only. What it holds for a connection until the garbage collector
 * comes would otherwise try to say good-bye then, and end the process with an exception that nobody can catch.
 */
function end(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.destroy(new Error("the connection was given up"));
}
