import { Server } from "node:net";

/**
 * Loaded into kinesis-mock before it starts. It would listen on every interface, and with port 0 not say where; this
 * keeps both of its servers on free loopback ports and tells the parent process that of the plain one.
 */
const PLAIN_PORT = 4568;
const { listen } = Server.prototype;

Server.prototype.listen = function listenOnLoopback(this: Server, ...parameters: unknown[]): Server {
  const whenListening = parameters.find((parameter) => typeof parameter === "function");
  return listen.call(this, { port: 0, host: "127.0.0.1" }, () => {
    const address = this.address();
    whenListening?.();
    if (parameters[0] === PLAIN_PORT && address !== null && typeof address === "object") {
      process.send?.({ port: address.port });
    }
  });
};
