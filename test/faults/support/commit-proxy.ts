import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A stretch of network before a PostgreSQL server that can lose the answer to a COMMIT. */
export type CommitProxy = {
  readonly port: number;
  /** Of the next transaction that runs the named statement the commit reaches the server, its answer reaches nobody, and the connection is cut. */
  readonly dropNextAfter: (statement: string) => void;
  /** How many answers were lost so far. */
  readonly dropped: () => number;
  /** From now on nothing passes on the connections that are open, and nobody is told; new ones work. */
  readonly silence: () => void;
  readonly close: () => Promise<void>;
};

/** Opens a way to a server on a free port of this machine. */
export async function openCommitProxy(target: { readonly host: string; readonly port: number }): Promise<CommitProxy> {
  const sockets = new Set<Socket>();
  let wanted: string | undefined;
  let dropped = 0;
  const server = createServer((near) => {
    const far = connect(target);
    let isMarked = false;
    let losesAnswer = false;
    near.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      if (wanted !== undefined && text.includes(`/* ${wanted} */`)) isMarked = true;
      if (text.includes('COMMIT')) {
        losesAnswer = isMarked && wanted !== undefined;
        if (losesAnswer) wanted = undefined;
        isMarked = false; // Another connection may have come first: what this one commits later is not what was meant.
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!losesAnswer) {
        near.write(bytes);
        return;
      }
      dropped += 1; // The server has answered, so it has committed.
      near.destroy();
      far.destroy();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    dropNextAfter: (statement) => {
      wanted = statement;
    },
    dropped: () => dropped,
    silence: () => {
      for (const socket of sockets) socket.pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
