import type { Duplex } from "node:stream";
import { MARKER, PACKET_TYPE, type Packet, PacketReader } from "./protocol/packets.ts";

/** More than this of what the client sent is never kept waiting. */
const MOST_BYTES_WAITING = 64 * 1024 * 1024;

/** The packets that a stream delivers, one after the other; markers are told at once, whatever is being done. */
export class PacketSource {
  readonly #stream: Duplex;
  readonly #reader = new PacketReader();
  #packets: Packet[] = [];
  #bytesWaiting = 0;
  #waiting: ((packet: Packet | undefined) => void) | undefined;
  #ended = false;
  readonly #onMarker: (kind: "break" | "reset") => void;

  constructor(stream: Duplex, onMarker: (kind: "break" | "reset") => void) {
    this.#stream = stream;
    this.#onMarker = onMarker;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("end", () => this.#end());
    stream.on("close", () => this.#end());
    stream.resume();
  }

  /** From ACCEPT on. */
  useLongLengths(): void {
    this.#reader.hasLongLengths = true;
  }

  /** Undefined when the stream has ended, or brought something that is no TNS. */
  next(): Promise<Packet | undefined> {
    const packet = this.#packets.shift();
    if (packet) this.#bytesWaiting -= packet.body.length;
    if (packet || this.#ended) return Promise.resolve(packet);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** What waits belongs to a request that the client gave up. */
  discard(): void {
    this.#packets = [];
    this.#bytesWaiting = 0;
  }

  #take(chunk: Buffer): void {
    try {
      for (const packet of this.#reader.feed(chunk)) {
        if (packet.type === PACKET_TYPE.marker) this.#onMarker(packet.body[2] === MARKER.reset ? "reset" : "break");
        else this.#deliver(packet);
      }
    } catch {
      // Not TNS: nothing that could follow would make sense, and there is no way to say so.
      this.#stream.destroy();
      this.#end();
    }
  }

  #deliver(packet: Packet): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) {
      waiting(packet);
      return;
    }
    this.#packets.push(packet);
    this.#bytesWaiting += packet.body.length;
    if (this.#bytesWaiting > MOST_BYTES_WAITING) this.#stream.destroy();
  }

  #end(): void {
    this.#ended = true;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}
