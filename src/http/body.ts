import type { IncomingMessage } from 'node:http';
import { httpProblem } from './errors.ts';

/**
 * The bytes of a body as they were sent, at most `bytesMax` of them; nothing is unpacked or parsed. A body that says it
 * is larger is refused before a byte is read, one that turns out to be as soon as it is.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLarge = () =>
    httpProblem('http.body_too_large', { detail: `At most ${bytesMax} bytes are taken`, bytesMax });
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge();
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
    return Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (end: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      end();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else settle(() => reject(tooLarge()));
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onClose = (): void => settle(() => reject(httpProblem('http.body_incomplete')));
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => undefined); // A connection that breaks is told by 'close'; without a listener it would end the process.
  });
}
