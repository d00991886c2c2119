import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Currency } from '../../src/kernel/currency.ts';
import { Problem } from '../../src/kernel/problem.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { query } from '../../src/platform/query.ts';
import type { AnyAnswer } from '../../src/platform/route.ts';
import { createClients, openAccounts } from '../../src/clients/index.ts';
import {
  createServer,
  createSource,
  FeedAnswer,
  feedRoutes,
  mapSymbols,
  setGroups,
  signFeedRequest,
  type StoredBatchHint,
  type SymbolMapping,
} from '../../src/trading/index.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { askRoute } from '../support/ask-route.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

export const SERVER = 'Acme-Live';
export const NOW_MS = Date.UTC(2026, 2, 11, 12);

export const symbolNamed = (rawName: string, symbol = rawName): SymbolMapping => ({
  rawName,
  symbol,
  symbolGroup: 'fx_major',
  digits: 5,
  contractSize: '100000',
  pipSize: '0.0001',
  profitCurrency: 'USD',
});

/** A closing deal of a known account and symbol, in the platform's words; anything can be said otherwise. */
export const closing = (ticket: number | bigint, other: Record<string, unknown> = {}) => ({
  Deal: String(ticket),
  Login: '900101',
  Order: '700',
  PositionID: '500',
  Action: 0,
  Entry: 1,
  Symbol: 'EURUSD',
  Price: '1.08512',
  Volume: '13700',
  VolumeClosed: '13700',
  ContractSize: '100000',
  Time: 1_773_187_200,
  Profit: '98.64',
  ...other,
});

export const opening = (ticket: number | bigint, other: Record<string, unknown> = {}) =>
  closing(ticket, { Entry: 0, VolumeClosed: '0', Profit: '0', ...other });

export const line = (type: string, deal: Record<string, unknown>, seq?: number): string =>
  JSON.stringify({ seq, type, deal });
export const add = (deal: Record<string, unknown>, seq?: number): string => line('deal.add', deal, seq);
export const heartbeat = (seq?: number): string => JSON.stringify({ seq, type: 'heartbeat' });

/** How a request differs from the one that a good bridge would send. */
export type Sending = {
  readonly batch?: string;
  readonly nonce?: string;
  readonly timestamp?: string;
  readonly secret?: string;
  readonly sourceId?: string;
  readonly gzip?: boolean;
  readonly headers?: Record<string, string | undefined>;
  /** What is sent in place of what was signed. */
  readonly bodySent?: Buffer;
};

export type Answered = { readonly status: number; readonly body: unknown; readonly code: string | undefined };

/** A tenant with one server and one source of its deals; what a bridge sends, and what is stored of it. */
export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Opens a desk, of an installation of its own or of a shared one. */
export async function openDesk(shared?: Tenancy) {
  const acme: TestTenant = await openTestTenant(shared);
  const clock = { atMs: NOW_MS, now: () => new Date(clock.atMs) };
  const keeping = { sealer: makeSealer('a secret of at least thirty-two characters', 'trading.sources'), clock };
  const hints: StoredBatchHint[] = [];
  const told = { by: async (hint: StoredBatchHint): Promise<void> => void hints.push(hint) };
  const source = await acme.inTenant(async (tx) => {
    await createServer(tx, { name: SERVER, platform: 'mt5', zone: 'Etc/UTC', shiftMinutes: 0 });
    await mapSymbols(tx, {
      server: SERVER,
      symbols: [symbolNamed('EURUSD'), symbolNamed('EURUSD.r', 'EURUSD')],
      validFrom: clock.now(),
    });
    const groups = [
      { name: 'real\\standard', lotFactor: '1', pays: true },
      { name: 'demo\\standard', lotFactor: '1', pays: false },
    ];
    await setGroups(tx, { server: SERVER, groups, validFrom: clock.now() });
    const [client] = await createClients(tx, [{ name: 'Kim' }]);
    if (client === undefined) throw new Error('no client');
    const account = { clientKey: client.key, server: SERVER, currency: 'USD' as Currency };
    await openAccounts(tx, [
      { ...account, login: 900101n, group: 'real\\standard' },
      { ...account, login: 900102n, group: 'demo\\standard' },
      { ...account, login: 900103n, group: 'real\\undescribed' },
    ]);
    return createSource(tx, keeping, { server: SERVER, name: 'bridge' });
  });
  const routes = feedRoutes({ ...keeping, withTenant: acme.tenancy.withTenant, onStored: (hint) => told.by(hint) });
  const call = async (method: 'get' | 'post', body: Buffer, sending: Sending): Promise<Answered> => {
    const { batch = randomUUID(), nonce = randomUUID(), timestamp = String(Math.floor(clock.atMs / 1000)) } = sending;
    const packed = sending.gzip === true ? gzipSync(body) : body;
    const headers: Record<string, string | undefined> = {
      'cascade-batch': batch,
      'cascade-nonce': nonce,
      'cascade-timestamp': timestamp,
      'cascade-signature': signFeedRequest(sending.secret ?? source.secret, { timestamp, nonce, batch, body: packed }),
      'content-encoding': sending.gzip === true ? 'gzip' : undefined,
      ...sending.headers,
    };
    const given = Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const request = { tenantId: acme.tenant.id, params: { sourceId: sending.sourceId ?? source.id } };
    try {
      const sent = { ...request, headers: given, body: sending.bodySent ?? packed };
      return answered(await askRoute(routes, method === 'get' ? 'readFeedCursor' : 'sendFeedBatch', sent));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return {
        status: error.status,
        body: { title: error.title, detail: error.detail, ...error.members },
        code: error.code,
      };
    }
  };
  return {
    ...acme,
    clock,
    keeping,
    source,
    hints,
    told,
    sourceId: source.id,
    /** Sends a batch and expects to be understood. */
    send: async (lines: readonly string[], sending: Sending = {}): Promise<FeedAnswer> => {
      const { status, body } = await call('post', Buffer.from(lines.join('\n')), sending);
      if (status !== 200) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
      return FeedAnswer.parse(body);
    },
    post: (body: string | Buffer, sending: Sending = {}) => call('post', Buffer.from(body), sending),
    cursor: (sending: Sending = {}) => call('get', Buffer.alloc(0), sending),
    dealsStored: () => acme.inTenant((tx) => dealsStored(tx, {})),
    rejectedStored: () => acme.inTenant((tx) => rejectedStored(tx, {})),
    eventsOf: (type: string) => acme.inTenant((tx) => eventsOf(tx, { type })),
  };
}

const answered = ({ status, json, text }: AnyAnswer): Answered => ({
  status,
  body: text === undefined ? json : (JSON.parse(text) as unknown),
  code: undefined,
});

const dealsStored = query(
  'test.deals_stored',
  z.object({
    key: z.bigint(),
    ticket: z.bigint(),
    version: z.int(),
    kind: z.string(),
    handling: z.string(),
    code: z.string().nullable(),
    raw: z.string(),
  }),
  `
  select d.key, d.ticket, d.version, d.kind, d.handling, p.code, d.raw
    from trading.deals d left join trading.parked p on p.deal_key = d.key and p.resolved_at is null
   order by d.ticket, d.version`,
);

const rejectedStored = query(
  'test.rejected_stored',
  z.object({
    line: z.int(),
    seq: z.bigint().nullable(),
    code: z.string(),
    raw: z.instanceof(Buffer).transform(String),
    rawBytes: z.int(),
  }),
  `select line, seq, code, raw, raw_bytes as "rawBytes" from trading.rejected_lines order by batch_key, line`,
);

const eventsOf = query(
  'test.events_of',
  z.object({ stream: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `
  select stream, payload from platform.events where type = :type order by seq`,
);
