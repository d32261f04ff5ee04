/** An audit trail as plain data: what the reference reader reads, and what tests change under it. */
export interface ReferenceRow {
  /** Position in the trail, from 0, for good. */
  readonly position: number;
  readonly sessionId: number;
  readonly statement: string;
}

export class ReferenceTrail {
  readonly #rows: ReferenceRow[] = [];
  /** Who reads each source. */
  readonly #locks = new Map<string, Lock>();
  #purged = 0;

  get length(): number {
    return this.#rows.length;
  }

  /** Rows before this position are gone. */
  get purged(): number {
    return this.#purged;
  }

  append(row: { readonly sessionId?: number; readonly statement: string }): ReferenceRow {
    const appended = { position: this.#rows.length, sessionId: row.sessionId ?? 51, statement: row.statement };
    this.#rows.push(appended);
    return appended;
  }

  appendMany(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const position = this.#rows.length;
      this.append({ sessionId: 51 + (position % 7), statement: `SELECT ${position} FROM dbo.orders` });
    }
  }

  purgeBefore(position: number): void {
    this.#purged = Math.max(this.#purged, position);
  }

  /** At most `count` rows from a position on. */
  slice(from: number, count: number): readonly ReferenceRow[] {
    return this.#rows.slice(Math.max(from, this.#purged), Math.max(from, this.#purged) + count);
  }

  /** @returns whether this session has the source's lock */
  takeLock(sourceId: string, session: object): boolean {
    const holder = this.#locks.get(sourceId) ?? { session, refused: Promise.withResolvers<void>() };
    this.#locks.set(sourceId, holder);
    if (holder.session !== session) holder.refused.resolve();
    return holder.session === session;
  }

  releaseLock(sourceId: string, session: object): void {
    if (this.#locks.get(sourceId)?.session === session) this.#locks.delete(sourceId);
  }

  /** Somebody else has the source, whoever reads it now, until this is disposed, which waits until it was asked for. */
  lend(sourceId: string): AsyncDisposable {
    const session = {};
    const refused = Promise.withResolvers<void>();
    this.#locks.set(sourceId, { session, refused });
    return {
      [Symbol.asyncDispose]: async () => {
        await refused.promise;
        this.releaseLock(sourceId, session);
      },
    };
  }

  /** Every reader is gone without having said so. */
  endSessions(): void {
    this.#locks.clear();
  }
}

interface Lock {
  readonly session: object;
  /** Resolved when somebody else wanted it. */
  readonly refused: PromiseWithResolvers<void>;
}
