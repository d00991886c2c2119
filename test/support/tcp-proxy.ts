import { connect, createServer, type Socket } from 'node:net';

/** A stretch of network before a server that a test can cut (`refuse`) or let fall silent (`hang`), and mend (`flow`). */
export type TcpProxy = {
  readonly port: number;
  readonly refuse: () => void;
  readonly hang: () => void;
  readonly flow: () => void;
  readonly close: () => Promise<void>;
};

/** Opens a way to `host:port` on a free port of this machine. */
export async function openTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'flow' | 'refuse' | 'hang' = 'flow';
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    if (state === 'refuse') {
      near.destroy();
      return;
    }
    const far = connect(target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (state === 'hang') from.pause();
    }
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    port,
    refuse: () => {
      state = 'refuse';
      cut();
    },
    hang: () => {
      state = 'hang';
      for (const socket of sockets) socket.pause();
    },
    flow: () => {
      state = 'flow';
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
