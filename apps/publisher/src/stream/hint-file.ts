import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AuditSource, Clock, Cursor, Logger } from "@das/core";
import { z } from "zod";

const hintSchema = z.object({
  cursor: z.string().transform((cursor) => cursor as Cursor),
  history: z.string(),
  /** When it was noted: milliseconds since 1970, by this host's clock. */
  notedAt: z.int().min(0),
});

const fileSchema = z.object({
  resourceId: z.string(),
  generation: z.int(),
  sources: z.record(z.string(), hintSchema),
});

/** A place of a source that was acknowledged: everything before it was on the stream when this was noted. */
export type Hint = z.infer<typeof hintSchema>;

export interface HintFileParts {
  readonly directory: string;
  readonly instanceId: string;
  readonly resourceId: string;
  readonly generation: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds from one writing to the next. */
const WRITE_INTERVAL = 5_000;

/**
 * The places that this host knows of, for the day on which the stream holds nothing of a source any more: a publisher
 * that was away for longer than the stream's retention goes on there. Nobody needs it, and the stream counts first.
 */
export class HintFile implements AsyncDisposable {
  readonly #parts: HintFileParts;
  readonly #path: string;
  readonly #hints: Map<string, Hint>;
  #writing: Promise<void> | undefined;
  #isChanged = false;
  readonly #closing = new AbortController();
  #lastFailure: string | undefined;

  private constructor(parts: HintFileParts, hints: ReadonlyMap<string, Hint>) {
    this.#parts = parts;
    this.#path = pathOf(parts);
    this.#hints = new Map(hints);
  }

  /** A file that cannot be read, or says nothing of this generation, is as good as none; that is logged. */
  static async open(parts: HintFileParts): Promise<HintFile> {
    return new HintFile(parts, await load(parts));
  }

  find(sourceId: string): Hint | undefined {
    return this.#hints.get(sourceId);
  }

  /** Everything before the cursor is acknowledged. Never waits, never throws. */
  note({ id, history }: Pick<AuditSource<unknown>, "id" | "history">, cursor: Cursor): void {
    this.#hints.set(id, { cursor, history, notedAt: this.#parts.clock.now() });
    this.#isChanged = true;
    this.#writing ??= this.#writeSoon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }

  async #writeSoon(): Promise<void> {
    while (this.#isChanged) {
      await this.#parts.clock.sleep(WRITE_INTERVAL, this.#closing.signal);
      this.#isChanged = false;
      await this.#write();
    }
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const { resourceId, generation, logger } = this.#parts;
    const content = { resourceId, generation, sources: Object.fromEntries(this.#hints) };
    try {
      // A reader finds the file as it was or as it is, never half of it.
      await writeFile(`${this.#path}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
      await rename(`${this.#path}.new`, this.#path);
      this.#lastFailure = undefined;
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      if (this.#lastFailure !== code) {
        logger.warn({ path: this.#path, code }, "the hint file cannot be written; publishing does not need it");
      }
      this.#lastFailure = code;
    }
  }
}

async function load(parts: HintFileParts): Promise<ReadonlyMap<string, Hint>> {
  const { resourceId, generation, logger } = parts;
  const path = pathOf(parts);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") logger.warn({ path, code }, "the hint file cannot be read; publishing does not need it");
    return new Map();
  }
  const content = parse(text);
  if (!content) {
    logger.warn({ path }, "the hint file is damaged; publishing does not need it");
    return new Map();
  }
  if (content.resourceId === resourceId && content.generation === generation) {
    return new Map(Object.entries(content.sources));
  }
  logger.info({ path }, "the hint file is of another life of the stream, so it says nothing");
  return new Map();
}

function parse(text: string): z.infer<typeof fileSchema> | undefined {
  try {
    return fileSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON: as good as nothing.
    return undefined;
  }
}

function pathOf({ directory, resourceId, instanceId }: HintFileParts): string {
  return join(directory, `${resourceId}-${instanceId}.json`);
}
