import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptPacket, agreedDataUnit, parseConnect, parseConnectData, refusePacket } from "./connect.ts";
import { MARKER, markerPacket, PACKET_TYPE, PacketReader, packet, ReplyWriter } from "./packets.ts";
import { ProtocolError } from "./protocol-error.ts";

describe("reading", () => {
  test("whatever pieces the socket delivers, the packets are the same", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        fc.boolean(),
        (bodies, cuts, long) => {
          const stream = Buffer.concat(bodies.map((body) => packet(PACKET_TYPE.control, body, long)));
          const reader = new PacketReader();
          reader.hasLongLengths = long;
          const read: Buffer[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut += 1) {
            const size = cuts[cut % cuts.length] ?? 1;
            for (const { body } of reader.feed(stream.subarray(at, at + size))) read.push(Buffer.from(body));
            at += size;
          }
          expect(read).toEqual(bodies.map((body) => Buffer.from(body)));
        },
      ),
    );
  });

  test("a length that cannot be is refused", () => {
    const reader = new PacketReader();
    expect(() => [...reader.feed(Buffer.from("GET / HTTP/1.1"))]).not.toThrow();
    expect(() => [...new PacketReader().feed(Buffer.of(0, 3, 0, 0, 1, 0, 0, 0))]).toThrow(ProtocolError);
    const long = new PacketReader();
    long.hasLongLengths = true;
    expect(() => [...long.feed(Buffer.from("GET / HTTP/1.1"))]).toThrow(ProtocolError);
  });
});

describe("writing", () => {
  test("a reply is cut into packets of the agreed size, and markers come between whole ones", async () => {
    const stream = new PassThrough({ highWaterMark: 10_000_000 });
    const writer = new ReplyWriter(stream);
    writer.setPacketSize(512);
    const payload = Buffer.alloc(300_000, "abcdefg");
    await writer.write(payload.subarray(0, 100_000));
    await writer.push();
    writer.send(markerPacket(MARKER.break));
    await writer.write(payload.subarray(100_000));
    await writer.push();
    stream.end();
    const reader = new PacketReader();
    reader.hasLongLengths = true;
    const packets = [...reader.feed(Buffer.concat(await stream.toArray()))];
    expect(Math.max(...packets.map(({ body }) => body.length))).toBe(502);
    expect(packets.filter(({ type }) => type === PACKET_TYPE.marker).map(({ body }) => [...body])).toEqual([[1, 0, 1]]);
    const data = packets.filter(({ type }) => type === PACKET_TYPE.data).map(({ body }) => body);
    expect(Buffer.concat(data).equals(payload)).toBe(true);
    expect(writer.bytesSent).toBe(payload.length + 10 * data.length + 11);
  });

  test("what was not sent yet is forgotten when the client gives up", async () => {
    const stream = new PassThrough();
    const writer = new ReplyWriter(stream);
    await writer.write(Buffer.from("given up"));
    writer.discard();
    await writer.write(Buffer.from("kept"));
    await writer.push();
    stream.end();
    expect(
      Buffer.concat(await stream.toArray())
        .subarray(10)
        .toString(),
    ).toBe("kept");
  });

  test("who writes more than the client takes waits until it is taken, or the client has gone", async () => {
    for (const ending of ["read", "destroy"] as const) {
      const stream = new PassThrough({ highWaterMark: 1000 });
      const writer = new ReplyWriter(stream);
      let done = false;
      const waiting = Promise.resolve(writer.write(Buffer.alloc(500_000))).then(() => {
        done = true;
      });
      await new Promise(setImmediate);
      expect(done).toBe(false);
      if (ending === "read") stream.resume();
      else stream.destroy();
      await waiting;
      expect(done).toBe(true);
    }
  });
});

describe("CONNECT", () => {
  test.each([
    ["(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=a.b)(CID=(PROGRAM=x))))", { serviceName: "a.b" }],
    ["(description=(connect_data=( service_name = Orcl )))", { serviceName: "Orcl" }],
    ["(DESCRIPTION=(CONNECT_DATA=(SID=XE)))", { sid: "XE" }],
    ["(DESCRIPTION=(CONNECT_DATA=(COMMAND=ping)))", {}],
  ])("%s", (text, target) => {
    expect(parseConnectData(Buffer.from(text))).toEqual(target);
  });

  test("too few bytes, and a version that is too old, are refused", () => {
    expect(() => parseConnect(Buffer.alloc(20))).toThrow(ProtocolError);
    const old = Buffer.alloc(66);
    old.writeUInt16BE(314, 0);
    expect(() => parseConnect(old)).toThrow("TNS 314");
  });

  test("the smaller packet size counts", () => {
    expect([agreedDataUnit(8192, 65_536), agreedDataUnit(65_536, 8192), agreedDataUnit(0, 8192)]).toEqual([
      8192, 8192, 8192,
    ]);
    expect(agreedDataUnit(1, 8192)).toBe(512);
  });

  test("ACCEPT and REFUSE have lengths of two bytes and say what the notes say", () => {
    const accept = acceptPacket(8192);
    expect([accept.length, accept.readUInt16BE(0), accept[4]]).toEqual([45, 45, PACKET_TYPE.accept]);
    expect([accept.readUInt16BE(8), accept.readUInt16BE(10), accept.readUInt32BE(32)]).toEqual([318, 0, 8192]);
    const refuse = refusePacket(12514);
    expect(refuse.length).toBeLessThanOrEqual(252);
    expect(refuse.toString("latin1")).toContain("(ERR=12514)");
  });
});
