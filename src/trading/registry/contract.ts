import { z } from 'zod';
import { SourceId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

const path = '/api/v1/trading/sources';
const form = { on: 'tenant', tag: 'Trading' } as const;

/** How long the secret before may be used, at most: a week. */
const PREVIOUS_SECONDS_MAX = 604_800;
const PREVIOUS_SECONDS_DEFAULT = 86_400;

const NameText = z.string().trim().min(1).max(100);

const FeedSource = z
  .strictObject({
    id: SourceId,
    name: z.string(),
    server: z.string().meta({ description: 'The trade server whose deals it sends.' }),
    createdAt: InstantText,
    previousSecretUntil: InstantText.nullable().meta({
      description: 'Until when the secret before the present one is accepted; null where none is.',
    }),
  })
  .meta({ id: 'FeedSource', description: 'A bridge or plugin that sends deals of one trade server.' });

const FeedSourceSecret = z
  .strictObject({
    id: SourceId,
    secret: z.string().meta({ description: 'Shown this once. Requests of the feed are signed with it.' }),
  })
  .meta({ id: 'FeedSourceSecret', description: 'A source and the secret that it signs with from now on.' });

export const listFeedSources = operation({
  ...form,
  id: 'listFeedSources',
  method: 'get',
  path,
  summary: 'Lists the sources of the trade feed',
  need: { action: 'list', resource: 'sources' },
  query: pageQuery(['created', '-created'], { server: NameText.optional() }),
  answers: { 200: pageOf(FeedSource) },
  problems: ['platform.cursor_invalid'],
});

export const createFeedSource = operation({
  ...form,
  id: 'createFeedSource',
  method: 'post',
  path,
  summary: 'Registers a source of a trade server',
  description: 'The answer is the only place where its secret is shown.',
  need: { action: 'create', resource: 'sources' },
  needsStepUp: true,
  body: z.strictObject({ server: NameText, name: NameText }),
  answers: { 201: FeedSourceSecret },
  problems: ['trading.server_unknown', 'trading.source_exists'],
});

export const rotateFeedSource = operation({
  ...form,
  id: 'rotateFeedSource',
  method: 'post',
  path: `${path}/{sourceId}/rotate`,
  summary: 'Gives a source a new secret',
  description: 'The secret before is accepted for a while more, so that the sender can be changed over.',
  need: { action: 'rotate', resource: 'sources' },
  needsStepUp: true,
  params: z.strictObject({ sourceId: SourceId }),
  body: z.strictObject({
    previousValidSeconds: z.int().min(0).max(PREVIOUS_SECONDS_MAX).default(PREVIOUS_SECONDS_DEFAULT),
  }),
  answers: { 200: FeedSourceSecret },
  problems: ['trading.source_unknown'],
});
