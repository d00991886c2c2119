import { z } from 'zod';
import { operation } from '../kernel/operation.ts';

/** What a process says that runs. */
const Alive = z
  .strictObject({ status: z.literal('alive').meta({ description: 'Always `alive`' }) })
  .meta({ id: 'Alive', description: 'The process runs', examples: [{ status: 'alive' }] });

/** Whether a process wants work, and what is missing. */
const Readiness = z
  .strictObject({
    status: z.enum(['ready', 'not_ready', 'draining']).meta({ description: 'Whether new work is welcome' }),
    checks: z
      .record(z.string(), z.enum(['ok', 'failed']))
      .meta({ description: 'What readiness depends on, by name: database, queue, migrations' }),
  })
  .meta({
    id: 'Readiness',
    description: 'Whether a process wants new work',
    examples: [{ status: 'ready', checks: { database: 'ok', queue: 'ok', migrations: 'ok' } }],
  });

const form = { method: 'get', on: 'bare', tag: 'Installation', problems: [] } as const;

export const readAlive = operation({
  ...form,
  id: 'readAlive',
  path: '/healthz',
  summary: 'Ask whether the process runs',
  need: 'public',
  answers: { 200: Alive },
});

export const readReadiness = operation({
  ...form,
  id: 'readReadiness',
  path: '/readyz',
  summary: 'Ask whether the process wants new work',
  need: 'public',
  answers: { 200: Readiness, 503: Readiness },
});

const page = { ...form, contentType: 'text/html; charset=utf-8' } as const;

export const showStartPage = operation({
  ...page,
  id: 'showStartPage',
  path: '/',
  summary: 'Show the start page, with figures for who has the operator’s token',
  need: 'public',
  answers: { 200: z.string(), 503: z.string() },
});

export const showOpsPage = operation({
  ...page,
  id: 'showOpsPage',
  path: '/ops',
  summary: 'Show what runs',
  description:
    'For a browser. Below it, at `/ops/queues`, is the queue board: a page with a protocol of its own behind the same token, and no part of this API.',
  need: 'operator_token',
  answers: { 200: z.string(), 503: z.string() },
});

export const readStyleSheet = operation({
  ...form,
  id: 'readStyleSheet',
  path: '/assets/ops.css',
  summary: 'Read the style sheet of the start page',
  need: 'public',
  answers: { 200: z.string() },
  contentType: 'text/css; charset=utf-8',
});

export const readScript = operation({
  ...form,
  id: 'readScript',
  path: '/assets/ops.js',
  summary: 'Read the script of the start page',
  need: 'public',
  answers: { 200: z.string() },
  contentType: 'text/javascript; charset=utf-8',
});

export const readMetrics = operation({
  ...form,
  id: 'readMetrics',
  path: '/metrics',
  summary: 'Read the figures of the process in Prometheus’ form',
  need: 'operator_token',
  answers: { 200: z.string() },
  contentType: 'text/plain',
});
