import type { Command } from 'commander';
import { keyRingDefaults, listKeys, rotateKeys, signingKeySealer } from '../../identity/index.ts';
import type { CliContext } from './context.ts';
import { tableOf } from './out.ts';

/** Who acts at the command line. */
const byHand = { actor: 'operator', causation: 'command line' };

/** `cascade keys list | rotate`. */
export function registerKeys(program: Command, { openTenancy, config, out }: CliContext): void {
  const keys = program.command('keys').description('the keys that sign access tokens');

  keys
    .command('list')
    .description('the keys whose tokens may still live')
    .action(async () => {
      const all = await (await openTenancy()).withControl(listKeys);
      out.result(all, (rows) =>
        tableOf([
          ['kid', 'made', 'signs from', 'verifies until'],
          ...rows.map(({ kid, createdAt, signsFrom, verifiesUntil }) => [
            kid,
            createdAt.toISOString(),
            signsFrom.toISOString(),
            verifiesUntil?.toISOString() ?? '',
          ]),
        ]),
      );
    });

  keys
    .command('rotate')
    .option('--revoke', 'the present keys are out within 15 seconds, with every access token: one became known')
    .description('makes a new key: it signs after a minute, and nobody notices; otherwise once in 30 days by itself')
    .action(async ({ revoke = false }: { revoke?: boolean }) => {
      const deps = { sealer: signingKeySealer(config().secret), settings: keyRingDefaults };
      const { withControl } = await openTenancy();
      const made = await withControl((tx) => rotateKeys(tx, deps, { isRevoked: revoke }), byHand);
      out.result(made, ({ kid, signsFrom }) => `${kid} signs from ${signsFrom.toISOString()}`);
    });
}
