import type { Writable } from 'node:stream';

const GATHERED_BYTES = 65_536;

type Wire = {
  query(sql: string): void;
  readonly stream: { pause(): void; resume(): void; destroy(error?: Error): void };
};

/** A connection of `pg`, as far as a COPY needs it. */
export type CopyConnection = { query(submittable: CopyOut): unknown };

/**
 * One `copy … to stdout` on a connection, handed on as it comes: while the target is full, nothing more is read from the
 * server, so memory is bounded whatever the size of the table. It is a Submittable of `pg` (lib/client.js calls these
 * methods by name); the messages are those of PostgreSQL's frontend/backend protocol, "COPY Operations".
 */
class CopyOut {
  readonly #sql: string;
  readonly #target: Writable;
  readonly #done: PromiseWithResolvers<number>;
  /** Set by `pg`: it ends the time-out of the whole. */
  callback: (() => void) | undefined;
  #wire: Wire | undefined;
  #rows = 0;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #isPaused = false;

  constructor(sql: string, target: Writable, done: PromiseWithResolvers<number>) {
    this.#sql = sql;
    this.#target = target;
    this.#done = done;
  }

  submit(wire: Wire): void {
    this.#wire = wire;
    wire.query(this.#sql);
  }

  /** Ends the connection: what a target that fails has not taken is of no use to anybody. */
  stop(error: Error): void {
    this.#wire?.stream.destroy(error);
    this.#done.reject(error);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#gathered.push(Buffer.from(chunk)); // A copy: the parser uses its buffer again.
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= GATHERED_BYTES) this.#handOn();
  }

  /** Each row is a message of its own: many are handed on together. Rows that the parser had already still come after a pause. */
  #handOn(): void {
    const isRoom = this.#target.write(Buffer.concat(this.#gathered));
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (isRoom || this.#isPaused) return;
    this.#isPaused = true;
    this.#wire?.stream.pause();
    this.#target.once('drain', () => {
      this.#isPaused = false;
      this.#wire?.stream.resume();
    });
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? Number.NaN);
  }

  handleReadyForQuery(): void {
    this.callback?.();
    if (this.#gatheredBytes > 0) this.#handOn();
    this.#wire?.stream.resume(); // A target that is ended now says no more when it has room.
    this.#done.resolve(this.#rows);
  }

  handleError(error: Error): void {
    this.callback?.();
    this.#done.reject(error);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}

/** Copies what a statement gives to a stream, which stays open; resolves with the number of rows. */
export async function copyOut(connection: CopyConnection, sql: string, target: Writable): Promise<number> {
  const done = Promise.withResolvers<number>();
  const copy = new CopyOut(sql, target, done);
  const onError = (error: Error): void => copy.stop(error);
  target.once('error', onError);
  try {
    connection.query(copy);
    return await done.promise;
  } finally {
    target.removeListener('error', onError);
  }
}
