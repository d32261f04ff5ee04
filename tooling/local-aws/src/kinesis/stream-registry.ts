import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { formatArn, parseArn } from "../arn.ts";
import { invalidArgument, notFound } from "../aws-error.ts";
import { Stream } from "./stream.ts";
import type { StreamState } from "./stream-state.ts";

/** How a caller names a stream. */
export interface StreamReference {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

/** All streams of all accounts. Directories are numbered, because a stream may have any name, even "..". */
export class StreamRegistry {
  readonly region: string;
  readonly #directory: string;
  readonly #streams = new Map<string, Stream>();
  #nextDirectory = 1;

  constructor(directory: string, region: string) {
    this.region = region;
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const stream = Stream.open(path, region);
      if (stream) this.#streams.set(stream.arn, stream);
      else rmSync(path, { recursive: true });
      this.#nextDirectory = Math.max(this.#nextDirectory, Number.parseInt(name, 10) + 1);
    }
  }

  /** The ARN that a reference means for a caller of this account, whether there is such a stream or not. */
  arnOf(reference: StreamReference, accountId: string): string {
    const { StreamName: name, StreamARN: arn } = reference;
    if (arn !== undefined) {
      if (name !== undefined && parseArn(arn)?.resource !== `stream/${name}`) {
        throw invalidArgument(`StreamARN ${arn} and StreamName ${name} do not name the same stream.`);
      }
      return arn;
    }
    if (name === undefined) throw invalidArgument("Either StreamName or StreamARN must be given.");
    return formatArn({ service: "kinesis", region: this.region, accountId, resource: `stream/${name}` });
  }

  find(arn: string, now: number): Stream | undefined {
    const stream = this.#streams.get(arn);
    if (!stream || stream.settle(now)) return stream;
    this.#streams.delete(arn);
    return undefined;
  }

  /** @throws ResourceNotFoundException; also for the ARN of another region, whose streams cannot be here */
  get(arn: string, now: number): Stream {
    const stream = this.find(arn, now);
    if (stream) return stream;
    const { accountId, resource } = parseArn(arn) ?? { accountId: "unknown", resource: `stream/${arn}` };
    throw notFound(`Stream ${resource.slice("stream/".length)} under account ${accountId} not found.`);
  }

  /** An account's streams by name. */
  list(accountId: string, now: number): Stream[] {
    return [...this.#streams.keys()]
      .map((arn) => this.find(arn, now))
      .filter((stream) => stream?.state.accountId === accountId)
      .filter((stream) => stream !== undefined)
      .toSorted((a, b) => (a.state.name < b.state.name ? -1 : 1));
  }

  create(state: StreamState): Stream {
    const directory = join(this.#directory, String(this.#nextDirectory).padStart(6, "0"));
    this.#nextDirectory += 1;
    const stream = Stream.create(directory, this.region, state);
    this.#streams.set(stream.arn, stream);
    return stream;
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }
}
