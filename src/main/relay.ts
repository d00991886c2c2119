import { runProcess } from './process.ts';
import { startRelay } from './roles.ts';

/** `npm run relay`: hands events to their consumers; several may run. */
await runProcess('relay', 'given', async (deps, relayIs) => {
  const role = startRelay(deps);
  relayIs(role.relay);
  return [role];
});
