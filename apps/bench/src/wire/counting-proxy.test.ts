import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { CountingProxy } from "./counting-proxy.ts";

test("counts bytes of both directions, and a round trip each time the client speaks after the server", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => socket.write(Buffer.concat([chunk, chunk])));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  {
    await using proxy = await CountingProxy.open((server.address() as AddressInfo).port);
    const client = connect({ host: "127.0.0.1", port: proxy.port });
    for (const question of ["a", "bcd", "ef"]) {
      client.write(question);
      let answered = 0;
      while (answered < 2 * question.length) answered += ((await once(client, "data")) as [Buffer])[0].length;
    }
    expect(proxy.counts()).toEqual({ bytesUp: 6, bytesDown: 12, roundTrips: 3 });
    client.destroy();
  }
  server.close();
  await once(server, "close");
});
