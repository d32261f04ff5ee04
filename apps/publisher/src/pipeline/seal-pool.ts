import { Worker } from "node:worker_threads";
import type { EngineTraits } from "@das/core";
import type { DataKey, SealedRecord } from "@das/envelope";
import type { SealRequest, SealResponse } from "./seal-worker.ts";

/** Seals one inner record; where the CPU is spent is its own affair. Tests and simulations pass one without threads. */
export interface Sealer extends AsyncDisposable {
  /** @param text in memory that threads share; it stays as it is until this has settled */
  seal(text: Uint8Array, key: DataKey): Promise<SealedRecord>;
}

interface Pending {
  readonly resolve: (sealed: SealedRecord) => void;
  readonly reject: (error: unknown) => void;
}

/** Sealing in threads, so that it overlaps with reading. Records go to the threads in turn. */
export class SealPool implements Sealer {
  readonly #workers: Worker[];
  readonly #version: EngineTraits["recordVersion"];
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #broken: unknown;

  constructor(threads: number, version: EngineTraits["recordVersion"]) {
    this.#version = version;
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./seal-worker.ts", import.meta.url));
      worker.on("message", (response: SealResponse) => this.#settle(response));
      // A thread that died leaves what it had unsealed: nobody may wait for it in vain.
      worker.on("error", (error) => this.#break(error));
      worker.on("exit", (code) => this.#break(new Error(`a sealing thread ended with code ${code}`)));
      return worker;
    });
  }

  seal(text: Uint8Array, key: DataKey): Promise<SealedRecord> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const id = this.#next;
    this.#next += 1;
    const { plaintext, encrypted } = key;
    const request: SealRequest = { id, text, key: { plaintext, encrypted }, version: this.#version };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#workers[id % this.#workers.length]?.postMessage(request);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #settle(response: SealResponse): void {
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if ("error" in response) pending?.reject(response.error);
    else pending?.resolve({ bytes: response.bytes, compressedBytes: response.compressedBytes });
  }

  #break(error: unknown): void {
    this.#broken ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
