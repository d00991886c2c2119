import { runProcess } from './process.ts';
import { startWorker } from './roles.ts';

/** `npm run worker`: books trades; run as many as the machine bears. */
await runProcess('worker', { source: 'given', access: 'administrator' }, async (deps, keep) => {
  keep(await startWorker(deps));
});
