import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { HeldBytes, readBody } from '../../src/http/body.ts';
import { Problem } from '../../src/kernel/problem.ts';

it('the bodies of all requests together take no more than a process can hold, and count until they are answered', async () => {
  const held = new HeldBytes(1_500);
  const gate = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    readBody(request, response, 1_000, held).then(
      async () => {
        await gate.promise;
        response.end();
      },
      (error: unknown) => {
        response.statusCode = error instanceof Problem ? error.status : 500;
        response.end(error instanceof Problem ? error.code : '');
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const post = async (): Promise<number | undefined> => {
    const asked = send({ host: '127.0.0.1', port, method: 'POST', agent: false });
    asked.end(Buffer.alloc(1_000));
    const [answer] = (await once(asked, 'response')) as [{ statusCode?: number; resume: () => void }];
    answer.resume();
    return answer.statusCode;
  };
  const first = post();
  await expect.poll(() => held.held).toBe(1_000);
  expect(await post()).toBe(503);
  await expect.poll(() => held.held).toBe(1_000);
  gate.resolve();
  expect(await first).toBe(200);
  await expect.poll(() => held.held).toBe(0);
  expect(await post()).toBe(200);
  server.close();
});
