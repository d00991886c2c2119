import { runProcess } from './process.ts';
import { startRelay } from './roles.ts';

/** `npm run relay`: hands events to their consumers; several may run. */
await runProcess('relay', { source: 'given', access: 'application' }, (deps, keep) => {
  keep(startRelay(deps));
  return Promise.resolve();
});
