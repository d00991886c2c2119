import { acme } from '../../../seeds/brokers.ts';
import { seedBrokerage } from '../../../seeds/brokerage.ts';
import { systemClock } from '../../kernel/clock.ts';
import { verifyTenant } from '../../ops/index.ts';
import { makeOut } from '../cli/out.ts';
import { sourceSealer } from '../roles.ts';
import { realDeals } from './deals.ts';
import { dealsOf, feed } from './feeding.ts';
import { readFigures } from './figures.ts';
import { demoProblem } from './errors.ts';
import { openInstallation, type Undo } from './installation.ts';
import type { DemoOptions } from './options.ts';
import { paidInWords, payOut } from './paying.ts';
import { oneTrade, tradeInWords } from './story.ts';
import { earnedInWords, fedInWords, grouped, proof } from './text.ts';

/** What a run of the demo stands on. */
export type DemoRun = {
  readonly options: DemoOptions;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly undo: Undo;
  /** Aborted when the demo is told to stop. */
  readonly signal: AbortSignal;
  /** Takes the text for people, and with `--json` the one object. */
  readonly print: (text: string) => void;
};

/** The whole demo, from nothing to the proof. Throws where the proof fails, after it was printed. */
export async function runDemo({ options, environment, undo, signal, print }: DemoRun): Promise<void> {
  const say = (...lines: readonly string[]): void => {
    if (!options.json) print(`${lines.join('\n')}\n`);
  };
  const real = await realDeals(options);
  const progress = makeProgress(Math.max(options.trades, real.trades));
  say('Cascade: from trades to rebates', '');
  const startedMs = performance.now();
  const installation = await openInstallation(environment, undo, progress.onBatch);
  const { tenancy } = installation.deps.platform;
  signal.throwIfAborted();
  const { database, queue } = installation.places;
  say(
    `1  PostgreSQL ${database === 'embedded' ? 'embedded, on scratch data' : 'of DATABASE_URL'}; queue in ${queue === 'redis' ? 'Redis' : 'PostgreSQL'}; API, worker, relay and sweeper run (${seconds(startedMs)})`,
  );

  const seed = acme(real.accounts);
  const tenant = await tenancy.createTenant({ slug: 'demo', name: 'Demo Markets' });
  signal.throwIfAborted();
  const keeping = {
    withTenant: tenancy.withTenant,
    sealer: sourceSealer(installation.deps.config),
    clock: systemClock,
  };
  const seeded = await seedBrokerage(keeping, tenant.id, seed);
  say(
    `2  A tenant with a database of its own: ${seed.ibs.length} IBs, ${seed.clients.length} clients, ${seed.plans.map(({ name }) => `plan "${name}"`).join(', ')}`,
  );

  const generated = Math.max(0, options.trades - real.trades);
  say(
    `3  Real: ${real.origin}, ${grouped(real.deals.length)} deals of which ${grouped(real.trades)} close volume. Generated: deals until ${grouped(generated)} more closed volume`,
    ...real.assumed.map((sentence) => `   assumed: ${sentence}`),
  );
  const fed = await feed(installation, tenant.id, seeded, dealsOf(real, seed, options.trades), { signal, ...progress });
  progress.stop();
  const tradesPerSecond = fed.durationMs > 0 ? Math.round((fed.trades / fed.durationMs) * 1_000) : 0;
  say(`4  Through the HTTP feed: ${fedInWords(fed)}`);

  const figures = await readFigures(installation, tenant.id, { seed, seeded, fed });
  const told = await oneTrade(installation, tenant.id);
  signal.throwIfAborted();
  const payout = await payOut(installation, tenant.id);
  const verification = await verifyTenant(tenancy, tenant, { recompute: true });
  const conservation = {
    ok: verification.ok,
    checked: verification.checked['trades'] ?? 0,
    findings: verification.findings,
  };
  say(
    ...earnedInWords(figures),
    ...(told === undefined ? [] : ['', 'One trade explained', ...tradeInWords(told).map((line) => `  ${line}`)]),
    '',
    paidInWords(payout),
    '',
    'Proof',
    ...proof(verification, figures),
    '',
    `${grouped(fed.trades)} closing deals in ${(fed.durationMs / 1_000).toFixed(2)} s, from the first batch to the last commit: ${grouped(tradesPerSecond)} a second`,
  );
  if (options.json) {
    const { trades, rebates, perIb, ...more } = figures;
    const { deals, totals, durationMs } = fed;
    print(
      `${JSON.stringify({ trades, rebates, tradesPerSecond, perIb, conservation, ...more, deals, durationMs: Math.round(durationMs), payout, feed: totals, verified: verification.checked })}\n`,
    );
  }
  if (!verification.ok) throw demoProblem('demo.not_conserved', { detail: `${verification.findings.length} findings` });
}

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1_000).toFixed(1)} s`;

/** Counts what is booked, and shows it on a terminal. */
function makeProgress(trades: number) {
  const bar = makeOut({ json: () => true, failed: () => undefined }).progress('booking', trades);
  let booked = 0;
  let lastMs = 0;
  return {
    onBatch: ({ trades: more }: { readonly trades: number }): void => {
      booked += more;
      lastMs = performance.now();
      bar.set(booked, Math.max(trades, booked));
    },
    booked: () => booked,
    lastBookedMs: () => lastMs,
    stop: () => bar.stop(),
  };
}
