import { randomBytes, randomUUID } from "node:crypto";
import { formatArn, parseArn } from "../arn.ts";
import { AwsError } from "../aws-error.ts";
import { readFileIfAny, replaceFile } from "../durable-file.ts";
import { type KeySpec, type KeyUsage, usagesOf } from "./key-spec.ts";
import { type KeyState, keyArn } from "./key-state.ts";

export interface Alias {
  /** `alias/` and a name. */
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly createdAt: number;
}

export interface KeyOptions {
  readonly spec?: KeySpec;
  readonly usage?: KeyUsage;
  readonly manager?: "CUSTOMER" | "AWS";
  readonly description?: string;
}

interface Content {
  readonly keys: readonly KeyState[];
  readonly aliases: readonly Alias[];
}

const AWS_ALIAS = /^alias\/aws\/[a-zA-Z0-9/_-]+$/;
const KEY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** All keys and aliases of all accounts, in one file that only its owner may read. */
export class KeyStore {
  readonly #path: string;
  readonly #region: string;
  readonly #keys = new Map<string, KeyState>();
  /** By ARN. */
  readonly #aliases = new Map<string, Alias>();

  constructor(path: string, region: string) {
    this.#path = path;
    this.#region = region;
    const { keys, aliases } = JSON.parse(readFileIfAny(path) ?? '{"keys":[],"aliases":[]}') as Content;
    for (const key of keys) this.#keys.set(key.keyId, key);
    for (const alias of aliases) this.#aliases.set(alias.arn, alias);
  }

  create(accountId: string, options: KeyOptions, now: number): KeyState {
    const spec = options.spec ?? "SYMMETRIC_DEFAULT";
    const keyId = randomUUID();
    const key: KeyState = {
      keyId,
      arn: keyArn(this.#region, accountId, keyId),
      accountId,
      spec,
      usage: options.usage ?? usagesOf(spec)[0] ?? "ENCRYPT_DECRYPT",
      manager: options.manager ?? "CUSTOMER",
      description: options.description ?? "",
      createdAt: now,
      enabled: true,
      ...(spec === "SYMMETRIC_DEFAULT" && { material: randomBytes(32).toString("base64") }),
    };
    this.replace(key);
    return key;
  }

  replace(key: KeyState): void {
    this.#keys.set(key.keyId, key);
    this.#save();
  }

  /** @param name `alias/…`; @throws AlreadyExistsException */
  addAlias(name: string, key: KeyState, now: number): Alias {
    const arn = this.#aliasArn(name, key.accountId);
    if (this.#aliases.has(arn)) {
      throw new AwsError("AlreadyExistsException", `An alias with the name ${arn} already exists`);
    }
    const alias: Alias = { name, arn, accountId: key.accountId, keyId: key.keyId, createdAt: now };
    this.#aliases.set(arn, alias);
    this.#save();
    return alias;
  }

  /** An account's aliases by name. */
  aliases(accountId: string): Alias[] {
    return [...this.#aliases.values()]
      .filter((alias) => alias.accountId === accountId)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The key of this id, unless it is gone; undefined otherwise. */
  find(keyId: string, now: number): KeyState | undefined {
    const key = this.#keys.get(keyId);
    if (key?.deletionAt === undefined || now < key.deletionAt) return key;
    this.#keys.delete(keyId);
    for (const alias of [...this.#aliases.values()]) if (alias.keyId === keyId) this.#aliases.delete(alias.arn);
    this.#save();
    return undefined;
  }

  /**
   * @param reference key id, key ARN, alias name or alias ARN, as AWS takes them
   * @throws NotFoundException
   */
  resolve(reference: string, accountId: string, now: number): KeyState {
    if (KEY_ID.test(reference)) return this.#keyOf(keyArn(this.#region, accountId, reference), now);
    if (reference.startsWith("alias/")) return this.#keyOfAlias(reference, accountId, now);
    const arn = parseArn(reference);
    if (arn?.service !== "kms") throw new AwsError("NotFoundException", `Invalid keyId '${reference}'`);
    if (arn.region !== this.#region) throw new AwsError("NotFoundException", `Invalid arn ${arn.region}`);
    return arn.resource.startsWith("alias/")
      ? this.#keyOfAlias(arn.resource, arn.accountId, now)
      : this.#keyOf(reference, now);
  }

  /** @throws DisabledException, KMSInvalidStateException */
  requireUsable(key: KeyState): void {
    requireNotPending(key);
    if (!key.enabled) throw new AwsError("DisabledException", `${key.arn} is disabled.`);
  }

  #keyOf(arn: string, now: number): KeyState {
    const key = this.find(arn.slice(arn.lastIndexOf("/") + 1), now);
    if (key?.arn === arn) return key;
    throw new AwsError("NotFoundException", `Key '${arn}' does not exist`);
  }

  #keyOfAlias(name: string, accountId: string, now: number): KeyState {
    const arn = this.#aliasArn(name, accountId);
    const alias = this.#aliases.get(arn);
    const key = alias && this.find(alias.keyId, now);
    if (key) return key;
    if (!AWS_ALIAS.test(name)) throw new AwsError("NotFoundException", `Alias ${arn} is not found.`);
    // As on AWS, the key of one of its services exists from the moment at which somebody asks for it.
    const managed = this.create(accountId, { manager: "AWS", description: `Default key for ${name.slice(10)}` }, now);
    this.addAlias(name, managed, now);
    return managed;
  }

  #aliasArn(name: string, accountId: string): string {
    return formatArn({ service: "kms", region: this.#region, accountId, resource: name });
  }

  #save(): void {
    const content: Content = { keys: [...this.#keys.values()], aliases: [...this.#aliases.values()] };
    replaceFile(this.#path, `${JSON.stringify(content, undefined, 2)}\n`);
  }
}

/** @throws KMSInvalidStateException */
export function requireNotPending(key: KeyState): void {
  if (key.deletionAt === undefined) return;
  throw new AwsError("KMSInvalidStateException", `${key.arn} is pending deletion.`);
}
