import { isAlive } from './process.ts';
import { type PostgresOptions, type RunningPostgres, startPostgres } from './start.ts';

/** How a server is kept running. */
export type KeepingOptions = PostgresOptions & {
  /** Told when the server ended by itself and is started again. */
  readonly onEnded: (pid: number) => void;
  /** Told when it does not come back, or ends again and again. Nothing more is tried. */
  readonly onLost: (error: unknown) => void;
};

const LOOK_MS = 250;
/** A server that was killed once comes back; one that ends so often within the span is beyond our help. */
const RESTARTS_MAX = 5;
const SPAN_MS = 10 * 60_000;

/**
 * Starts the embedded server as `startPostgres` does, and starts it again on the same port when it ends without being
 * told to (killed by hand, or by a system that is out of memory). The answer's `pid` is that of the first start.
 */
export async function keepPostgres(options: KeepingOptions): Promise<RunningPostgres> {
  const { onEnded, onLost, ...asked } = options;
  const first = await startPostgres(asked);
  let server = first;
  let restarting: Promise<void> | undefined;
  const restarts: number[] = [];

  const restart = async (): Promise<void> => {
    const now = performance.now();
    while (restarts[0] !== undefined && now - restarts[0] > SPAN_MS) restarts.shift();
    if (restarts.length >= RESTARTS_MAX)
      throw new Error(`PostgreSQL ended ${RESTARTS_MAX + 1} times within ${SPAN_MS / 60_000} minutes`);
    restarts.push(now);
    onEnded(server.pid);
    await server.stop(); // What its postmaster left behind, and the lock on the folder.
    server = await startPostgres({ ...asked, port: first.port });
  };
  const timer = setInterval(() => {
    if (restarting !== undefined || isAlive(server.pid)) return;
    restarting = restart().then(
      () => void (restarting = undefined),
      (error: unknown) => {
        clearInterval(timer);
        onLost(error);
      },
    );
  }, LOOK_MS);
  timer.unref();
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await restarting; // Never rejects.
    await server.stop();
  };
  return { ...first, stop };
}
