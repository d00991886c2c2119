import type { OperatorGuard } from '../platform/operator-token.ts';
import type { Logger } from '../platform/logger.ts';
import { type Route, route } from '../platform/route.ts';
import {
  readAlive,
  readMetrics,
  readReadiness,
  readScript,
  readStyleSheet,
  showOpsPage,
  showStartPage,
} from './contract.ts';
import { type Metrics, within } from './metrics.ts';
import { script, styleSheet } from './page/assets.ts';
import { harmlessPage, startPage, unavailablePage } from './page/render.ts';
import type { Check, Snapshot } from './types.ts';

const CHECK_MS_MAX = 2_000;
const SNAPSHOT_KEPT_MS = 1_000;

/** What the operator's routes show; main hands it down. */
export type OpsSettings = {
  readonly isOperator: OperatorGuard;
  /** What readiness depends on, by name: database, queue, migrations. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Whether the process is on its way out: it still answers, and wants no new work. */
  readonly isDraining: () => boolean;
  readonly metrics: Metrics;
  readonly snapshot: () => Promise<Snapshot>;
};

/** The routes of the bare host: health, metrics, and the start page. */
export function opsRoutes(settings: OpsSettings): Route[] {
  const snapshot = keptFor(SNAPSHOT_KEPT_MS, settings.snapshot);
  const show = async ({ log }: { readonly log: Logger }) => {
    try {
      return htmlAnswer(200, startPage(await snapshot()));
    } catch (error) {
      log.error({ err: error }, 'the start page has no figures');
      return htmlAnswer(503, unavailablePage());
    }
  };
  return [
    route(readAlive, async () => ({ status: 200, json: { status: 'alive' } })),
    route(readReadiness, (request) => readiness(settings, request.log)),
    route(showStartPage, async (request) =>
      settings.isOperator(request.headers['authorization']) ? show(request) : htmlAnswer(200, harmlessPage()),
    ),
    route(showOpsPage, show),
    route(readStyleSheet, async () => ({ status: 200, text: styleSheet, headers: unchanging })),
    route(readScript, async () => ({ status: 200, text: script, headers: unchanging })),
    metricsRoute(settings.metrics, 'operator_token'),
  ];
}

const unchanging = { 'Cache-Control': 'no-cache' };

/** Prometheus' figures; `public` only on a port that nobody else can reach. */
export const metricsRoute = (metrics: Metrics, need: 'operator_token' | 'public'): Route =>
  route({ ...readMetrics, need }, async () => {
    const scraped = await metrics.scrape();
    return { status: 200, text: scraped.text, contentType: scraped.contentType };
  });

const htmlAnswer = <const Status extends 200 | 503>(status: Status, page: string) => ({
  status,
  text: page,
  headers: { Vary: 'Authorization' },
});

/** 200 only where new work is welcome. Which part is missing is said by name; why, by the log. */
async function readiness({ checks, isDraining }: OpsSettings, log: Logger) {
  if (isDraining()) return notReady('draining', {});
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await within(CHECK_MS_MAX, check());
        return [name, 'ok'] as const;
      } catch (error) {
        log.warn({ err: error, check: name }, 'not ready');
        return [name, 'failed'] as const;
      }
    }),
  );
  const isReady = results.every(([, result]) => result === 'ok');
  const said = Object.fromEntries(results);
  return isReady
    ? { status: 200 as const, json: { status: 'ready' as const, checks: said } }
    : notReady('not_ready', said);
}

const notReady = (status: 'not_ready' | 'draining', checks: Record<string, 'ok' | 'failed'>) => ({
  status: 503 as const,
  json: { status, checks },
  headers: { 'Retry-After': '5' },
});

/** Shares one answer among all who ask within a time, so that ten open pages cost as much as one. */
function keptFor<T>(keptMs: number, load: () => Promise<T>): () => Promise<T> {
  let kept: { answer: Promise<T>; untilMs: number } | undefined;
  return () => {
    if (kept !== undefined && kept.untilMs > performance.now()) return kept.answer;
    const fresh = { answer: load(), untilMs: performance.now() + keptMs };
    kept = fresh;
    fresh.answer.catch(() => {
      if (kept === fresh) kept = undefined;
    });
    return fresh.answer;
  };
}
