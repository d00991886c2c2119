import type { ServerResponse } from 'node:http';
import type { EventNote, Lens } from './types.ts';

/** Why a stream ends. */
export type EndReason = 'sign_in' | 'rights' | 'suspended' | 'unavailable' | 'stopping';

/**
 * One open stream, as Server-Sent Events (HTML Living Standard, 9.2). It never waits for its reader: one who lets more than
 * `bufferBytesMax` gather is cut off, and goes on later behind the last number that reached him.
 */
export class Connection {
  /** Up to which number everything has been told, or was not for this caller. */
  position = 0n;
  lens: Lens;
  readonly #response: ServerResponse;
  readonly #bufferBytesMax: number;
  readonly #closed = new AbortController();

  constructor(response: ServerResponse, lens: Lens, bufferBytesMax: number) {
    this.#response = response;
    this.lens = lens;
    this.#bufferBytesMax = bufferBytesMax;
    response.once('close', () => this.#closed.abort());
  }

  /** Aborted when the stream has ended, whoever ended it. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Begins, and says from which number it tells; `reset` where that is not the one that was asked for. */
  begin(kind: 'ready' | 'reset', position: bigint): void {
    this.position = position;
    this.#writeHead();
    this.#write(`id: ${position}\nevent: ${kind}\ndata: {"seq":"${position}"}\n\n`);
  }

  tell(note: EventNote): void {
    this.#write(`id: ${note.seq}\ndata: ${JSON.stringify(note)}\n\n`);
  }

  /** Keeps proxies from closing the connection, and the reader's place behind what was not for him. */
  heartbeat(): void {
    this.#write(`: heartbeat\nid: ${this.position}\n\n`);
  }

  end(reason: EndReason): void {
    this.#write(`event: end\ndata: {"reason":"${reason}"}\n\n`);
    this.#response.end();
    this.#closed.abort();
  }

  #writeHead(): void {
    this.#response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no', // A proxy that gathers would tell of now much later.
    });
    this.#write('retry: 2000\n\n');
  }

  #write(text: string): void {
    if (this.#closed.signal.aborted) return;
    this.#response.write(text);
    if (this.#response.writableLength <= this.#bufferBytesMax) return;
    this.#response.destroy();
    this.#closed.abort();
  }
}
