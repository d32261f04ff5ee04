/**
 * How to reach one instance: directly, through a service of its own listener that is there in every role, never
 * through one that may lead to another site.
 */
export interface ConnectionOptions {
  /** The configuration's instance id, for messages. */
  readonly instanceId: string;
  readonly host: string;
  /** Default 1521. */
  readonly port?: number;
  /** Service name of the database, of the root or of the PDB that is read. */
  readonly service: string;
  readonly user: string;
  readonly password: string;
  /** `required` (default): TCPS, and nothing else though the listener redirects; `off`: plain text. */
  readonly tls?: "required" | "off";
  /** PEM of the authority that signed the server's certificate; default: the authorities that Node trusts. */
  readonly certificateAuthority?: string;
  /**
   * The whole distinguished name in the server's certificate (`CN=db1,O=Example Bank`), where it must be this one;
   * default: `host` must be among the certificate's names.
   */
  readonly certificateName?: string;
  /** `false`: whatever name a certificate of the authority bears. Default true. */
  readonly checkCertificateName?: boolean;
  /** What stands in `ewallet.pem`: authorities, and a client's key and certificate. */
  readonly wallet?: string;
  /** Directory of an `ewallet.pem`, where `wallet` is not given. */
  readonly walletLocation?: string;
  /** Of an encrypted key in the wallet. */
  readonly walletPassword?: string;
}
