import { runProcess } from './process.ts';
import { startApi } from './roles.ts';
import { takeSnapshot } from './snapshot.ts';

/** `npm run api`: answers HTTP. */
await runProcess('api', { source: 'given', access: 'application' }, async (deps, keep) => {
  keep(await startApi(deps, takeSnapshot(deps, ['api'])));
});
