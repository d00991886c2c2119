import { z } from 'zod';
import type { OperatorGuard } from '../platform/operator-token.ts';
import type { BareRoute, RouteRequest } from '../platform/route.ts';
import { type Metrics, within } from './metrics.ts';
import { script, styleSheet } from './page/assets.ts';
import { harmlessPage, startPage, unavailablePage } from './page/render.ts';
import type { Check, Snapshot } from './types.ts';

const CHECK_MS_MAX = 2_000;
const SNAPSHOT_KEPT_MS = 1_000;

/** What the operator's routes show; main hands it down. */
type OpsSettings = {
  readonly isOperator: OperatorGuard;
  /** What readiness depends on, by name: database, queue, migrations. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Whether the process is on its way out: it still answers, and wants no new work. */
  readonly isDraining: () => boolean;
  readonly metrics: Metrics;
  readonly snapshot: () => Promise<Snapshot>;
};

const form = { on: 'bare', method: 'get', bodyBytesMax: 0 } as const;
const text = z.string();

/** The routes of the bare host: health, metrics, and the start page. */
export function opsRoutes(settings: OpsSettings): BareRoute[] {
  const snapshot = keptFor(SNAPSHOT_KEPT_MS, settings.snapshot);
  const show = async (request: RouteRequest) => {
    try {
      return htmlAnswer(200, startPage(await snapshot()));
    } catch (error) {
      request.log.error({ err: error }, 'the start page has no figures');
      return htmlAnswer(503, unavailablePage());
    }
  };
  const asset = (path: string, body: string, contentType: string): BareRoute => ({
    ...form,
    path,
    permission: 'public',
    answers: text,
    handle: async () => ({ status: 200, text: body, contentType, headers: { 'Cache-Control': 'no-cache' } }),
  });
  return [
    {
      ...form,
      path: '/healthz',
      permission: 'public',
      answers: aliveAnswer,
      handle: async () => ({ status: 200, json: { status: 'alive' } }),
    },
    {
      ...form,
      path: '/readyz',
      permission: 'public',
      answers: readyAnswer,
      handle: (request) => readiness(settings, request),
    },
    {
      ...form,
      path: '/',
      permission: 'public',
      answers: text,
      handle: (request) =>
        settings.isOperator(request.headers['authorization'])
          ? show(request)
          : Promise.resolve(htmlAnswer(200, harmlessPage())),
    },
    { ...form, path: '/ops', permission: 'operator', answers: text, handle: show },
    asset('/assets/ops.css', styleSheet, 'text/css; charset=utf-8'),
    asset('/assets/ops.js', script, 'text/javascript; charset=utf-8'),
    metricsRoute(settings.metrics, 'operator'),
  ];
}

/** Prometheus' figures; `public` only on a port that nobody else can reach. */
export const metricsRoute = (metrics: Metrics, permission: 'operator' | 'public'): BareRoute => ({
  ...form,
  path: '/metrics',
  permission,
  answers: text,
  handle: async () => {
    const scraped = await metrics.scrape();
    return { status: 200, text: scraped.text, contentType: scraped.contentType };
  },
});

const htmlAnswer = (status: number, page: string) => ({
  status,
  text: page,
  contentType: 'text/html; charset=utf-8',
  headers: { Vary: 'Authorization' },
});

const aliveAnswer = z.object({ status: z.literal('alive') });
const readyAnswer = z.object({
  status: z.enum(['ready', 'not_ready', 'draining']),
  checks: z.record(z.string(), z.enum(['ok', 'failed'])),
});

/** 200 only where new work is welcome. Which part is missing is said by name; why, by the log. */
async function readiness({ checks, isDraining }: OpsSettings, request: RouteRequest) {
  if (isDraining()) return { status: 503, json: { status: 'draining', checks: {} }, headers: { 'Retry-After': '5' } };
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await within(CHECK_MS_MAX, check());
        return [name, 'ok'] as const;
      } catch (error) {
        request.log.warn({ err: error, check: name }, 'not ready');
        return [name, 'failed'] as const;
      }
    }),
  );
  const isReady = results.every(([, result]) => result === 'ok');
  const json = { status: isReady ? 'ready' : 'not_ready', checks: Object.fromEntries(results) };
  return isReady ? { status: 200, json } : { status: 503, json, headers: { 'Retry-After': '5' } };
}

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
