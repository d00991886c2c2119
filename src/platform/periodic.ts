import type { Logger } from './logger.ts';

/** Work that is done now and again; `stop` waits for the round that is under way. */
export type Periodic = { readonly stop: () => Promise<void> };

/**
 * Does something now, and again `periodMs` after it ended, never twice at the same time. A failure is logged and the next
 * round comes all the same.
 */
export function periodically(name: string, periodMs: number, work: () => Promise<unknown>, log: Logger): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let round: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log.warn({ err: error }, `${name}: a round failed; the next one comes`);
    }
    if (!stopped) timer = setTimeout(begin, periodMs);
  };
  const begin = (): void => {
    round = run();
  };
  begin();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
