/** The client said something that is no TNS, or none that is served. */
export class ProtocolError extends Error {}

/** The bytes end in the middle of a message: the next packet brings the rest (Oracle notes §7.6). */
export class IncompleteMessage extends ProtocolError {
  constructor() {
    super("a message that ends too early");
  }
}
