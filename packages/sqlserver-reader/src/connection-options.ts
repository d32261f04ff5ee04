/** How to reach one instance: directly, never through a listener that may lead to another replica. */
export interface ConnectionOptions {
  /** The configuration's instance id, for messages. */
  readonly instanceId: string;
  readonly host: string;
  /** Default 1433. */
  readonly port?: number;
  readonly user: string;
  readonly password: string;
  /**
   * `required` (default): TDS 7.4 with TLS, refused when the server cannot; `strict`: TDS 8, TLS before anything else;
   * `off`: plain text, password included.
   */
  readonly tls?: "required" | "strict" | "off";
  /** PEM of the authority that signed the server's certificate; default: the authorities that Node trusts. */
  readonly certificateAuthority?: string;
  /** The name in the server's certificate, when it is not `host`. */
  readonly certificateName?: string;
  /** Accepts any certificate. The connection is then encrypted, but anybody may be at its other end. */
  readonly trustServerCertificate?: boolean;
}
