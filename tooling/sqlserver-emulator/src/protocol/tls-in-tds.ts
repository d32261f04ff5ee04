/**
 * MS-TDS 2.2.6.5, 3.3.5.2: the TLS handshake travels inside PRELOGIN packets; afterwards TLS records stand on the
 * connection as they are. (TDS 8 is the other way round, and needs nothing of this: TLS first, TDS inside.)
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { HEADER_SIZE, PACKET_TYPE, packMessage } from "./packets.ts";

/** The first byte of a connection whose client begins with TLS, and of a TLS handshake record anywhere. */
export const TLS_HANDSHAKE_RECORD = 0x16;

/**
 * What the TLS engine takes for its socket. The handshake is over when the client sends its first record without a
 * PRELOGIN packet around it; the server never speaks first after the handshake, so this decides both directions.
 */
export class HandshakeChannel extends Duplex {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #wrapped = true;
  #released = false;
  readonly #onData = (chunk: Buffer) => this.#receive(chunk);

  /** `early`: what the client sent behind its PRELOGIN message. */
  constructor(socket: Socket, early: Buffer) {
    super();
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.once("end", () => this.push(null));
    socket.once("close", () => this.destroy());
    if (early.length > 0) this.#receive(early);
  }

  /** Encryption of the login only: from now on the socket belongs to its owner again, and TLS writes nothing more. */
  release(): void {
    this.#released = true;
    this.#socket.off("data", this.#onData);
    this.#socket.resume();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  /** One flight of the handshake is one message: clients answer each message that they get. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#released) this.#socket.destroy();
    done(error);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#released) this.#socket.end();
    done();
  }

  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (this.#released || this.#socket.destroyed) {
      done();
      return;
    }
    this.#socket.write(this.#wrapped ? packMessage(PACKET_TYPE.prelogin, bytes) : bytes, () => done());
  }

  #receive(chunk: Buffer): void {
    if (!this.#wrapped) {
      if (!this.push(chunk)) this.#socket.pause();
      return;
    }
    this.#unread = Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= HEADER_SIZE && this.#unread[0] === PACKET_TYPE.prelogin) {
      const length = this.#unread.readUInt16BE(2);
      if (length < HEADER_SIZE) {
        this.destroy();
        return;
      }
      if (this.#unread.length < length) return;
      this.push(this.#unread.subarray(HEADER_SIZE, length));
      this.#unread = this.#unread.subarray(length);
    }
    if (this.#unread.length === 0 || this.#unread[0] === PACKET_TYPE.prelogin) return;
    this.#wrapped = false;
    this.push(this.#unread);
    this.#unread = Buffer.alloc(0);
  }
}
