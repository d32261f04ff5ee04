/** Oracle notes §7.1: packets, and the stream of bytes that DATA packets make up. */
import type { Writable } from "node:stream";
import { ProtocolError } from "./protocol-error.ts";

export const PACKET_TYPE = { connect: 1, accept: 2, refuse: 4, data: 6, resend: 11, marker: 12, control: 14 } as const;

/** What a MARKER says, in its third byte. */
export const MARKER = { break: 1, reset: 2, interrupt: 3 } as const;

const HEADER_SIZE = 8;
/** The header, and two bytes of data flags. */
const DATA_HEADER_SIZE = 10;
/** Data flag: the client goes. */
const END_OF_FILE = 0x40;
/** No client sends packets near it; it keeps a broken one from filling memory. */
const LARGEST_PACKET = 4 * 1024 * 1024;

/** How large a packet may be: the session data unit, which CONNECT asks for and ACCEPT grants. */
export const DEFAULT_DATA_UNIT = 8192;

export interface Packet {
  readonly type: number;
  /** Behind the header; of DATA, behind its flags. */
  readonly body: Buffer;
  /** The client says that nothing follows. */
  readonly isEnd: boolean;
}

/** Cuts packets from whatever pieces the socket delivers. */
export class PacketReader {
  #unread: Buffer = Buffer.alloc(0);
  /** From ACCEPT on the length takes four bytes instead of two. */
  hasLongLengths = false;

  *feed(chunk: Buffer): Generator<Packet, void, undefined> {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= HEADER_SIZE) {
      const length = this.hasLongLengths ? this.#unread.readUInt32BE(0) : this.#unread.readUInt16BE(0);
      const type = this.#unread.readUInt8(4);
      const headerSize = type === PACKET_TYPE.data ? DATA_HEADER_SIZE : HEADER_SIZE;
      if (length < headerSize || length > LARGEST_PACKET) throw new ProtocolError(`a packet of length ${length}`);
      if (this.#unread.length < length) return;
      const isEnd = type === PACKET_TYPE.data && (this.#unread.readUInt16BE(HEADER_SIZE) & END_OF_FILE) !== 0;
      const body = this.#unread.subarray(headerSize, length);
      this.#unread = this.#unread.subarray(length);
      yield { type, body, isEnd };
    }
  }
}

/** A packet that is no DATA; lengths of two bytes are those of before ACCEPT. */
export function packet(type: number, body: Uint8Array, longLength: boolean): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE + body.length);
  if (longLength) bytes.writeUInt32BE(bytes.length, 0);
  else bytes.writeUInt16BE(bytes.length, 0);
  bytes[4] = type;
  bytes.set(body, HEADER_SIZE);
  return bytes;
}

export function markerPacket(kind: (typeof MARKER)[keyof typeof MARKER]): Buffer {
  return packet(PACKET_TYPE.marker, Buffer.of(1, 0, kind), true);
}

/** About what one write to the socket carries: many packets, so that system calls do not decide the speed. */
const BYTES_PER_WRITE = 128 * 1024;
const MOST_SPARE_BUFFERS = 8;

/**
 * Writes replies in DATA packets. `write` and `push` give a promise when the socket is full, and the caller waits for
 * it; it resolves when the socket has drained, and also when the client has gone (then everything further is dropped).
 */
export class ReplyWriter {
  readonly #stream: Writable;
  /** What a write to the socket waits for: a slow network, or one that swallows everything. Undefined: for nothing. */
  readonly #delay: () => Promise<void> | undefined;
  /** The last write that waits; the later ones wait for it. */
  #delayed: Promise<void> | undefined;
  #packetSize = DEFAULT_DATA_UNIT;
  #buffer: Buffer;
  /** Free to be used again: sockets are done with the bytes when they call back. */
  #spare: Buffer[] = [];
  #packetStart = 0;
  #position = DATA_HEADER_SIZE;
  bytesSent = 0;

  constructor(stream: Writable, delay: () => Promise<void> | undefined = () => undefined) {
    this.#stream = stream;
    this.#delay = delay;
    this.#buffer = this.#newBuffer();
  }

  /** Before the first reply only. */
  setPacketSize(packetSize: number): void {
    this.#packetSize = packetSize;
    this.#spare = [];
    this.#buffer = this.#newBuffer();
  }

  write(payload: Uint8Array): Promise<void> | undefined {
    let taken = 0;
    while (taken < payload.length) {
      if (this.#position === this.#packetStart + this.#packetSize) this.#finishPacket();
      const room = this.#packetStart + this.#packetSize - this.#position;
      const part = payload.subarray(taken, taken + room);
      this.#buffer.set(part, this.#position);
      this.#position += part.length;
      taken += part.length;
    }
    return this.#drained();
  }

  /** Sends what was written so far: at the end of a reply, or when what comes next takes time. */
  push(): Promise<void> | undefined {
    if (this.#position > this.#packetStart + DATA_HEADER_SIZE) this.#finishPacket();
    if (this.#packetStart > 0) this.#flush();
    return this.#drained();
  }

  /** What was written and not yet sent is forgotten: the client gave the reply up. */
  discard(): void {
    this.#packetStart = 0;
    this.#position = DATA_HEADER_SIZE;
  }

  /** A packet that is no DATA, behind what was pushed. */
  send(bytes: Buffer): void {
    this.bytesSent += bytes.length;
    this.#sendInOrder(bytes, () => undefined);
  }

  #finishPacket(): void {
    const at = this.#packetStart;
    this.#buffer.writeUInt32BE(this.#position - at, at);
    this.#buffer.writeUInt32BE(PACKET_TYPE.data * 0x100_0000, at + 4);
    this.#buffer.writeUInt16BE(0, at + HEADER_SIZE);
    this.#packetStart = this.#position;
    if (this.#packetStart + this.#packetSize > this.#buffer.length) this.#flush();
    this.#position = this.#packetStart + DATA_HEADER_SIZE;
  }

  #flush(): void {
    const written = this.#buffer;
    const bytes = written.subarray(0, this.#packetStart);
    this.#buffer = this.#newBuffer();
    this.bytesSent += bytes.length;
    this.#sendInOrder(bytes, () => {
      if (written.length === this.#buffer.length && this.#spare.length < MOST_SPARE_BUFFERS) this.#spare.push(written);
    });
  }

  #sendInOrder(bytes: Buffer, done: () => void): void {
    const send = () => {
      if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(bytes, done);
    };
    const delay = this.#delay();
    if (!delay && !this.#delayed) {
      send();
      return;
    }
    const delayed = Promise.all([delay, this.#delayed]).then(async () => {
      send();
      await this.#socketDrained();
      if (this.#delayed === delayed) this.#delayed = undefined;
    });
    this.#delayed = delayed;
  }

  #drained(): Promise<void> | undefined {
    return this.#delayed ?? this.#socketDrained();
  }

  #socketDrained(): Promise<void> | undefined {
    const stream = this.#stream;
    if (!stream.writableNeedDrain || stream.destroyed) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        stream.off("drain", done);
        stream.off("close", done);
        resolve();
      };
      stream.on("drain", done);
      stream.on("close", done);
    });
  }

  #newBuffer(): Buffer {
    const packets = Math.max(1, Math.floor(BYTES_PER_WRITE / this.#packetSize));
    this.#packetStart = 0;
    this.#position = DATA_HEADER_SIZE;
    return this.#spare.pop() ?? Buffer.allocUnsafe(packets * this.#packetSize);
  }
}
