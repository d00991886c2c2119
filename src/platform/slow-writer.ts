import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A reader that takes nothing for this long is cut off. */
const READER_MS_MAX = 30_000;

/**
 * Writes a piece of a long answer, and waits until the reader has taken what waits for him: no more than one piece is ever in
 * memory. False where the reader has gone, or has taken nothing for 30 s: he is cut off, so that nobody takes half an
 * answer for a whole one, and nothing more is to be written.
 */
export async function writeSlowly(
  response: ServerResponse,
  piece: string,
  readerMsMax: number = READER_MS_MAX,
): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(piece)) return true;
  const ended = new AbortController();
  const gone = (): void => ended.abort();
  response.once('close', gone);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([ended.signal, AbortSignal.timeout(readerMsMax)]) });
    return true;
  } catch (error) {
    response.destroy();
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  } finally {
    response.off('close', gone);
  }
}

/**
 * Hands a stream on as the whole of an answer, as fast as it is read. False where the reader has gone, or has taken nothing
 * for 30 s; an error of the stream itself is thrown, and the answer cut off.
 */
export async function pipeSlowly(
  source: Readable,
  response: ServerResponse,
  readerMsMax: number = READER_MS_MAX,
): Promise<boolean> {
  response.setTimeout(readerMsMax, () => response.destroy());
  try {
    await pipeline(source, response);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE') return false;
    throw error;
  }
}
