import type { PacketSource } from "./packet-source.ts";
import { PACKET_TYPE } from "./protocol/packets.ts";
import { IncompleteMessage, ProtocolError } from "./protocol/protocol-error.ts";
import { parseRequest, type Request, type RequestContext } from "./protocol/requests.ts";

/** Before release 23 nothing marks the end of a request: it is complete when it can be read to its end. */
export class RequestStream {
  readonly #source: PacketSource;
  #unread: Buffer = Buffer.alloc(0);

  constructor(source: PacketSource) {
    this.#source = source;
  }

  /** Undefined when the client has gone. @throws ProtocolError */
  async next(context: RequestContext): Promise<Request | undefined> {
    for (;;) {
      const request = this.#parse(context);
      if (request) return request;
      const packet = await this.#source.next();
      if (!packet || (packet.isEnd && packet.body.length === 0)) return undefined;
      if (packet.type !== PACKET_TYPE.data) throw new ProtocolError(`packet ${packet.type} where DATA comes next`);
      this.#unread = this.#unread.length === 0 ? packet.body : Buffer.concat([this.#unread, packet.body]);
    }
  }

  /** What arrived so far belongs to a request that the client gave up. */
  discard(): void {
    this.#unread = Buffer.alloc(0);
    this.#source.discard();
  }

  #parse(context: RequestContext): Request | undefined {
    if (this.#unread.length === 0) return undefined;
    try {
      const request = parseRequest(this.#unread, context);
      this.#unread = this.#unread.subarray(request.length);
      return request;
    } catch (error) {
      if (error instanceof IncompleteMessage) return undefined;
      throw error;
    }
  }
}
