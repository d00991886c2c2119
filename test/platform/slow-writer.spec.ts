import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { pipeSlowly, writeSlowly } from '../../src/platform/slow-writer.ts';

const MEGABYTE = 'x'.repeat(1_048_576);
const READER_MS_MAX = 100;
const ends: (() => void)[] = [];

/** Answers one request with `work`; gives what that came to, and the answer as its reader gets it, who reads nothing yet. */
async function answering<T>(work: (response: ServerResponse) => Promise<T>) {
  const worked = Promise.withResolvers<T>();
  worked.promise.catch(() => undefined); // Whoever awaits it sees it, sooner or later.
  const server = createServer((_request, response) => void work(response).then(worked.resolve, worked.reject));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [answer] = (await once(request, 'response')) as [Readable];
  ends.push(() => {
    request.destroy();
    server.close();
  });
  answer.on('error', () => undefined); // That it is cut off is what the tests are about.
  return { came: worked.promise, answer };
}

const megabytes = (count: number): Readable => Readable.from(Array.from({ length: count }, () => MEGABYTE));
const pieces = async (response: ServerResponse): Promise<boolean> => {
  for (let piece = 0; piece < 64; piece += 1) if (!(await writeSlowly(response, MEGABYTE, READER_MS_MAX))) return false;
  return true;
};

describe('A long answer', () => {
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it('reaches its reader whole', async () => {
    const { came, answer } = await answering((response) => pipeSlowly(megabytes(4), response, READER_MS_MAX));
    expect((await text(answer)).length).toBe(4 * MEGABYTE.length);
    expect(await came).toBe(true);
  });

  it('is cut off where its reader takes nothing, in pieces and as a stream', async () => {
    const streamed = await answering((response) => pipeSlowly(megabytes(64), response, READER_MS_MAX));
    expect(await streamed.came).toBe(false);
    expect(await (await answering(pieces)).came).toBe(false);
  });

  it('ends without an error where its reader goes away', async () => {
    for (const work of [pieces, (response: ServerResponse) => pipeSlowly(megabytes(64), response, 30_000)]) {
      const { came, answer } = await answering(work);
      answer.destroy();
      expect(await came).toBe(false);
    }
  });

  it('is cut off, and says why, where what it is made of fails', async () => {
    const failing = Readable.from(
      (async function* fail() {
        yield await Promise.resolve(MEGABYTE);
        throw new Error('the disk is gone');
      })(),
    );
    const { came, answer } = await answering((response) => pipeSlowly(failing, response, READER_MS_MAX));
    const [said, read] = await Promise.allSettled([came, text(answer)]);
    expect([said, read.status]).toEqual([{ status: 'rejected', reason: new Error('the disk is gone') }, 'rejected']);
  });
});
