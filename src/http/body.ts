import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpProblem } from './errors.ts';

/** What the bodies of all requests of a process may take together. Anybody may send one: who it is shows only in its bytes. */
const BYTES_HELD_MAX = 128 * 1_048_576;

/** Counts the bytes that are held for requests which are not answered yet. */
export class HeldBytes {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get held(): number {
    return this.#held;
  }

  /** Counts bytes in, and out again (negative); whether there is room for all that is held. */
  add(bytes: number): boolean {
    this.#held += bytes;
    return this.#held <= this.#most;
  }
}

const ofProcess = new HeldBytes(BYTES_HELD_MAX);

/**
 * The bytes of a body as they were sent, at most `bytesMax` of them; nothing is unpacked or parsed. A body that says it
 * is larger is refused before a byte is read, one that turns out to be as soon as it is. `http.busy` where the bodies of
 * all requests together take too much; they count until their answers are sent.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
  allBodies: HeldBytes = ofProcess,
): Promise<Buffer> {
  const tooLarge = () =>
    httpProblem('http.body_too_large', {
      detail:
        bytesMax === 0 ? 'This address takes no body, not even an empty object' : `At most ${bytesMax} bytes are taken`,
      bytesMax,
    });
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge();
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
    return Buffer.alloc(0);
  if (response.closed) throw httpProblem('http.body_incomplete');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (end: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      end();
    };
    const onData = (chunk: Buffer): void => {
      if (response.closed) return onClose(); // Nobody would count it out again.
      bytes += chunk.length;
      const hasRoom = allBodies.add(chunk.length);
      if (bytes > bytesMax) settle(() => reject(tooLarge()));
      else if (!hasRoom) settle(() => reject(httpProblem('http.busy')));
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onClose = (): void => settle(() => reject(httpProblem('http.body_incomplete')));
    response.once('close', () => void allBodies.add(-bytes));
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => undefined); // A connection that breaks is told by 'close'; without a listener it would end the process.
  });
}
