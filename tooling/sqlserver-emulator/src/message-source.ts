import type { Duplex } from "node:stream";
import { type Message, MessageReader, PACKET_TYPE } from "./protocol/packets.ts";

/** The messages that a stream delivers, one after the other; attentions are told at once, whatever is being done. */
export class MessageSource {
  readonly #stream: Duplex;
  readonly #reader = new MessageReader();
  readonly #messages: Message[] = [];
  #waiting: ((message: Message | undefined) => void) | undefined;
  #ended = false;
  readonly #onAttention: () => void;

  readonly #onData = (chunk: Buffer) => this.#take(chunk);
  readonly #onEnd = () => this.#end();

  constructor(stream: Duplex, onAttention: () => void, early: Buffer = Buffer.alloc(0)) {
    this.#stream = stream;
    this.#onAttention = onAttention;
    stream.on("data", this.#onData);
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
    if (early.length > 0) this.#take(early);
    stream.resume();
  }

  /** Undefined when the stream has ended, or brought something that is no TDS. */
  next(): Promise<Message | undefined> {
    const message = this.#messages.shift();
    if (message || this.#ended) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Leaves the stream to somebody else, with the bytes that arrived behind the last message. */
  detach(): Buffer {
    this.#stream.off("data", this.#onData);
    this.#stream.off("end", this.#onEnd);
    this.#stream.off("close", this.#onEnd);
    return this.#reader.rest();
  }

  #take(chunk: Buffer): void {
    try {
      for (const message of this.#reader.feed(chunk)) {
        if (message.type === PACKET_TYPE.attention) this.#onAttention();
        const waiting = this.#waiting;
        this.#waiting = undefined;
        if (waiting) waiting(message);
        else this.#messages.push(message);
      }
    } catch {
      // Not TDS: nothing that could follow would make sense, and there is no way to say so.
      this.#stream.destroy();
      this.#end();
    }
  }

  #end(): void {
    this.#ended = true;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}
