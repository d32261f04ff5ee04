import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  HEADER_SIZE,
  type Message,
  MessageReader,
  PACKET_TYPE,
  ProtocolError,
  packMessage,
  ReplyWriter,
} from "./packets.ts";

/** The bytes in pieces, as a socket may deliver them. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

function messagesOf(chunks: readonly Buffer[]): Message[] {
  const reader = new MessageReader();
  return chunks.flatMap((chunk) => [...reader.feed(chunk)]);
}

/** A socket of which the sent bytes can be looked at. Its callbacks come late and in any case after it took the bytes. */
function recordingSocket(): Writable & { sent(): Buffer } {
  const chunks: Buffer[] = [];
  const socket = new Writable({
    highWaterMark: 1 << 24,
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      setImmediate(done);
    },
  });
  return Object.assign(socket, { sent: () => Buffer.concat(chunks) });
}

const payload = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
const packetSize = fc.integer({ min: HEADER_SIZE + 1, max: 1200 });

describe("messages", () => {
  test("arrive whole, however they were cut into packets and the packets into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 1, maxLength: 5 }),
        packetSize,
        fc.array(fc.nat(), { maxLength: 30 }),
        (payloads, size, cuts) => {
          const bytes = Buffer.concat(payloads.map((each) => packMessage(PACKET_TYPE.rpc, each, size)));
          const messages = messagesOf(pieces(bytes, cuts));
          expect(messages.map((message) => message.payload)).toEqual(payloads);
          expect(
            messages.every(
              ({ type, ignored, resetConnection }) => type === PACKET_TYPE.rpc && !ignored && !resetConnection,
            ),
          ).toBe(true);
        },
      ),
    );
  });

  test("bits of the last and the first packet: given up, reset", () => {
    const first = Buffer.concat([Buffer.of(1, 0x08, 0, 9, 0, 0, 1, 0), Buffer.of(7)]);
    const last = Buffer.of(1, 0x03, 0, 8, 0, 0, 2, 0);
    expect(messagesOf([first, last])).toEqual([
      { type: 1, payload: Buffer.of(7), ignored: true, resetConnection: true },
    ]);
  });

  test("a packet shorter than its header, and a message without end, are errors", () => {
    expect(() => messagesOf([Buffer.of(1, 1, 0, 7, 0, 0, 1, 0)])).toThrow(ProtocolError);
    const reader = new MessageReader();
    const packet = Buffer.concat([Buffer.of(1, 0, 0xff, 0xff, 0, 0, 1, 0), Buffer.alloc(0xffff - 8)]);
    expect(() => {
      for (let count = 0; count < 1100; count += 1) for (const _ of reader.feed(packet));
    }).toThrow("more than");
  });
});

describe("replies", () => {
  test("are packets of the agreed size, numbered, with the end marked once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(payload, { maxLength: 8 }),
        fc.integer({ min: 512, max: 4096 }),
        fc.boolean(),
        async (parts, size, pushing) => {
          const stream = recordingSocket();
          const writer = new ReplyWriter(stream, 51);
          writer.setPacketSize(size);
          for (const part of parts) {
            await writer.write(part);
            if (pushing) await writer.push();
            if (pushing) await new Promise(setImmediate);
          }
          await writer.end();
          stream.end();
          await once(stream, "finish");
          const sent = stream.sent();
          expect(writer.bytesSent).toBe(sent.length);
          const [message, ...others] = messagesOf([sent]);
          expect(others).toEqual([]);
          expect(message?.payload.equals(Buffer.concat(parts))).toBe(true);
          let id = 0;
          for (let at = 0; at < sent.length; at += sent.readUInt16BE(at + 2)) {
            id += 1;
            const length = sent.readUInt16BE(at + 2);
            expect(length).toBeLessThanOrEqual(size);
            expect([sent[at], sent.readUInt16BE(at + 4), sent[at + 6]]).toEqual([PACKET_TYPE.reply, 51, id & 0xff]);
            expect((sent[at + 1] ?? 0) & 1).toBe(at + length === sent.length ? 1 : 0);
          }
        },
      ),
    );
  });

  test("wait for a client that does not read, and for one that has gone they do not", async () => {
    const stream = new PassThrough({ highWaterMark: 1024 });
    const writer = new ReplyWriter(stream, 51);
    const waiting = writer.write(Buffer.alloc(300_000));
    expect(waiting).toBeInstanceOf(Promise);
    stream.resume();
    await waiting;
    stream.pause();
    const abandoned = writer.write(Buffer.alloc(300_000));
    stream.destroy();
    await abandoned;
    expect(writer.write(Buffer.alloc(300_000))).toBeUndefined();
  });

  test("on a slow network they keep their order", async () => {
    const stream = recordingSocket();
    const writer = new ReplyWriter(stream, 51, () => new Promise(setImmediate));
    const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, index) => index & 0xff));
    await writer.write(bytes);
    await writer.end();
    stream.end();
    await once(stream, "finish");
    expect(messagesOf([stream.sent()])[0]?.payload.equals(bytes)).toBe(true);
  });
});
