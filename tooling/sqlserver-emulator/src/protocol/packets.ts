/** MS-TDS 2.2.3: packets and the messages that they make up. */
import type { Writable } from "node:stream";

export const PACKET_TYPE = {
  batch: 0x01,
  rpc: 0x03,
  reply: 0x04,
  attention: 0x06,
  bulkLoad: 0x07,
  transactionManager: 0x0e,
  login7: 0x10,
  sspi: 0x11,
  prelogin: 0x12,
} as const;

const STATUS = { endOfMessage: 0x01, ignore: 0x02, resetConnection: 0x08, resetConnectionSkipTransaction: 0x10 };

export const HEADER_SIZE = 8;
/** What is in force before the login; MS-TDS 2.2.6.4 lets the client ask for another size. */
export const FIRST_PACKET_SIZE = 4096;
/** No request of any client that talks to an emulator comes near it; it keeps a broken one from filling memory. */
const LARGEST_MESSAGE = 64 * 1024 * 1024;

export interface Message {
  readonly type: number;
  readonly payload: Buffer;
  /** The client gave the request up while it was sending it (2.2.1.6): it must not be carried out. */
  readonly ignored: boolean;
  readonly resetConnection: boolean;
}

export class ProtocolError extends Error {}

/** Puts messages together from whatever pieces the socket delivers. */
export class MessageReader {
  #unread: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #size = 0;
  #resetConnection = false;

  *feed(chunk: Buffer): Generator<Message, void, undefined> {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= HEADER_SIZE) {
      const type = this.#unread.readUInt8(0);
      const status = this.#unread.readUInt8(1);
      const length = this.#unread.readUInt16BE(2);
      if (length < HEADER_SIZE) throw new ProtocolError(`a packet of length ${length}`);
      if (this.#unread.length < length) return;
      this.#parts.push(this.#unread.subarray(HEADER_SIZE, length));
      this.#size += length;
      if (this.#size > LARGEST_MESSAGE) throw new ProtocolError(`a message of more than ${LARGEST_MESSAGE} bytes`);
      this.#unread = this.#unread.subarray(length);
      this.#resetConnection ||= (status & (STATUS.resetConnection | STATUS.resetConnectionSkipTransaction)) !== 0;
      if ((status & STATUS.endOfMessage) === 0) continue;
      const message: Message = {
        type,
        payload: Buffer.concat(this.#parts),
        ignored: (status & STATUS.ignore) !== 0,
        resetConnection: this.#resetConnection,
      };
      this.#parts = [];
      this.#size = 0;
      this.#resetConnection = false;
      yield message;
    }
  }

  /** What arrived after the last message. */
  rest(): Buffer {
    return this.#unread;
  }
}

/** One complete message, in packets of at most `packetSize` bytes. */
export function packMessage(type: number, payload: Uint8Array, packetSize = FIRST_PACKET_SIZE): Buffer {
  const room = packetSize - HEADER_SIZE;
  const packets = Math.max(1, Math.ceil(payload.length / room));
  const message = Buffer.allocUnsafe(payload.length + packets * HEADER_SIZE);
  for (let packet = 0; packet < packets; packet += 1) {
    const part = payload.subarray(packet * room, (packet + 1) * room);
    const at = packet * packetSize;
    const last = packet === packets - 1;
    writeHeader(message, at, type, last ? STATUS.endOfMessage : 0, HEADER_SIZE + part.length, 0, packet + 1);
    message.set(part, at + HEADER_SIZE);
  }
  return message;
}

function writeHeader(
  target: Buffer,
  at: number,
  type: number,
  status: number,
  length: number,
  sessionId: number,
  packetId: number,
): void {
  target[at] = type;
  target[at + 1] = status;
  target.writeUInt16BE(length, at + 2);
  target.writeUInt16BE(sessionId, at + 4);
  target[at + 6] = packetId & 0xff;
  target[at + 7] = 0;
}

/** About what one write to the socket carries: many packets, so that system calls do not decide the speed. */
const BYTES_PER_WRITE = 128 * 1024;
const MOST_SPARE_BUFFERS = 8;

/**
 * Writes replies. `write` and `end` give a promise when the socket is full, and the caller waits for it; it resolves
 * when the socket has drained, and also when the client has gone (then everything further is dropped).
 */
export class ReplyWriter {
  readonly #stream: Writable;
  readonly #sessionId: number;
  /** What a write to the socket waits for: a slow network. Undefined: for nothing. */
  readonly #delay: () => Promise<void> | undefined;
  /** The last write that waits; the later ones wait for it. */
  #delayed: Promise<void> | undefined;
  #packetSize = FIRST_PACKET_SIZE;
  #buffer: Buffer;
  /** Free to be used again: sockets are done with the bytes when they call back. */
  #spare: Buffer[] = [];
  #packetStart = 0;
  #position = HEADER_SIZE;
  #packetId = 0;
  bytesSent = 0;

  constructor(stream: Writable, sessionId: number, delay: () => Promise<void> | undefined = () => undefined) {
    this.#stream = stream;
    this.#sessionId = sessionId;
    this.#delay = delay;
    this.#buffer = this.#newBuffer();
  }

  /** Between messages only. */
  setPacketSize(packetSize: number): void {
    this.#packetSize = packetSize;
    this.#spare = [];
    this.#buffer = this.#newBuffer();
  }

  write(payload: Uint8Array): Promise<void> | undefined {
    let taken = 0;
    while (taken < payload.length) {
      if (this.#position === this.#packetStart + this.#packetSize) this.#finishPacket(0);
      const room = this.#packetStart + this.#packetSize - this.#position;
      const part = payload.subarray(taken, taken + room);
      this.#buffer.set(part, this.#position);
      this.#position += part.length;
      taken += part.length;
    }
    return this.#drained();
  }

  /** Sends what was written so far, though the message goes on. */
  push(): Promise<void> | undefined {
    if (this.#position > this.#packetStart + HEADER_SIZE) this.#finishPacket(0);
    if (this.#packetStart > 0) this.#flush();
    this.#position = this.#packetStart + HEADER_SIZE;
    return this.#drained();
  }

  end(): Promise<void> | undefined {
    this.#finishPacket(STATUS.endOfMessage);
    this.#packetId = 0;
    return this.#drained();
  }

  #finishPacket(status: number): void {
    this.#packetId += 1;
    const length = this.#position - this.#packetStart;
    writeHeader(this.#buffer, this.#packetStart, PACKET_TYPE.reply, status, length, this.#sessionId, this.#packetId);
    this.#packetStart = this.#position;
    const full = this.#packetStart + this.#packetSize > this.#buffer.length;
    if (full || status === STATUS.endOfMessage) this.#flush();
    this.#position = this.#packetStart + HEADER_SIZE;
  }

  #flush(): void {
    const written = this.#buffer;
    const bytes = written.subarray(0, this.#packetStart);
    this.#buffer = this.#newBuffer();
    this.bytesSent += bytes.length;
    const send = () => {
      if (this.#stream.destroyed || this.#stream.writableEnded) return;
      this.#stream.write(bytes, () => {
        if (written.length === this.#buffer.length && this.#spare.length < MOST_SPARE_BUFFERS)
          this.#spare.push(written);
      });
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
    this.#position = HEADER_SIZE;
    return this.#spare.pop() ?? Buffer.allocUnsafe(packets * this.#packetSize);
  }
}
