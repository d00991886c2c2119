import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { dealIdOf } from '../../src/kernel/ids.ts';
import { bookDueTrades } from '../../src/commissions/index.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { countEvents, keepHeadOutside } from '../../src/platform/events/index.ts';
import { breach, keepRows } from '../support/breach.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { cascade, type Run } from '../support/cascade.ts';
import { openTestTenancy, testOrigin, type TestTenant } from '../support/tenancy.ts';
import { breaches } from './breaches.ts';

const secret = 'a secret of at least thirty-two characters';

describe('A day of a brokerage is proven', () => {
  const installation = `t${randomBytes(4).toString('hex')}`;
  let acme: TestTenant;
  let house: Brokerage;
  let restore: () => Promise<void>;
  let names: Readonly<Record<string, bigint>>;
  const verify = (options: { recompute?: boolean } = {}) => verifyTenant(acme.tenancy, acme.tenant, options);
  /** The keys of deals by what the breaches call them; tickets rise by two with each position. */
  const dealKeys = async (): Promise<Record<string, bigint>> => {
    const { rows }: { rows: { key: bigint }[] } = await acme.inTenant(async (tx) =>
      tx.sql.raw('select key from trading.deals order by ticket'),
    );
    const places = { open: 0, paid: 1, short: 3, due: 7, parked: 9, late: 11 };
    return Object.fromEntries(Object.entries(places).map(([name, place]) => [name, rows[place]?.key ?? 0n]));
  };
  const broken = (findings: readonly { readonly rule: string }[]): string[] => [
    ...new Set(findings.map(({ rule }) => rule)),
  ];

  beforeAll(async () => {
    const tenancy = await openTestTenancy({ installation, secret });
    const tenant = await tenancy.createTenant({ slug: 'acme', name: 'Acme Markets' });
    acme = {
      tenancy,
      tenant,
      inTenant: (work) => tenancy.withTenant(tenant.id, testOrigin, work),
      close: tenancy.close,
    };
    house = await openBrokerage(acme, {
      chain: 'Maria 7.50 > Omar 7.00 > Lena 5.50 > Kim 4.00',
      plan: { traderRebate: '30', filters: [{ kind: 'minimum_time_open', seconds: 60 }] },
    });
    await house.feed(
      [house.deal({ lots: '1.37' }), house.deal({ heldMs: 1_000 }), house.deal({ symbol: 'XAUUSD' })].flat(),
    );
    await house.book();
    await house.feed([house.deal(), house.deal({ symbol: 'NOSUCH' }), house.deal({ lots: '0.01' })].flat());
    names = await dealKeys();
    await acme.inTenant((tx) => bookDueTrades(tx, house.memory, { max: 1, dealKeys: [names.late ?? 0n] }));
    const head = await acme.inTenant((tx) => countEvents(tx));
    await acme.inTenant((tx) => keepHeadOutside(tenancy.withControl, tx, head));
    restore = await keepRows(acme);
  });
  afterAll(() => acme.close());

  it('and nothing is wrong with it', async () => {
    expect(await verify({ recompute: true })).toMatchObject({
      ok: true,
      tenant: 'acme',
      findings: [],
      checked: { trades: 6, bookings: 4, rebates: 18, batches: 2, ibs: 4, transfers: 10, recomputed: 4 },
    });
  });

  it('also while trades are delivered and booked', async () => {
    const brokerage = { isBusy: true };
    const day = (async () => {
      for (let round = 0; round < 8; round += 1) {
        await house.feed(Array.from({ length: 20 }, () => house.deal({ lots: '0.13' })).flat());
        await house.book();
      }
    })().finally(() => (brokerage.isBusy = false));
    let looks = 0;
    for (; brokerage.isBusy || looks === 0; looks += 1)
      expect(await verify({ recompute: true })).toMatchObject({ ok: true, findings: [] });
    await day;
    expect((await verify()).checked.bookings).toBe(4 + 1 + 8 * 20);
    await restore();
  });

  describe.each(breaches)('A breach of %s is found', (_what, planted, options) => {
    afterEach(() => restore());
    it.each(planted)('where %s', async (_breach, sql, rules) => {
      await breach(
        acme,
        sql.replaceAll(/(?<!:):([a-z]+)/g, (_all, name: string) => String(names[name])),
      );
      const { ok, findings } = await verify(options);
      expect(ok).toBe(false);
      expect(broken(findings)).toEqual(rules);
      for (const { subject, detail } of findings)
        expect([subject, detail]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w{2}/)]);
    });
  });

  describe('The command line', () => {
    let folder: string;
    const run = (...args: string[]): Promise<Run> =>
      cascade(args, {
        DATABASE_URL: inject('adminUrl'),
        CASCADE_DATA: folder,
        CASCADE_INSTALLATION: installation,
        CASCADE_SECRET: secret,
        CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
      });
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'cascade-verify-'));
    });
    afterAll(() => rm(folder, { recursive: true }));
    afterEach(() => restore());

    it('says of a sound tenant what was checked, and ends with 0', async () => {
      const { code, out, err } = await run('verify', '--tenant', 'acme', '--recompute');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(
        /^acme +verdict +checked\nevents +OK +\d+ events\ntree +OK +4 ibs\nfeed +OK +12 deals\nbookings +OK +6 trades, 4 bookings, 18 rebates, 2 batches\n/,
      );
      expect(out).toMatch(/\nledger +OK +10 transfers, 1 currencies\n(?:.*\n)*recomputation +OK +4 recomputed\n$/);
    });

    it('names the rule that is broken, as text and as one JSON object, and ends with 1', async () => {
      await breach(acme, 'update commissions.rebates set units = units - 1 where kind = 3');
      const text = await run('verify', '--tenant', 'acme');
      expect(text).toMatchObject({ code: 1, err: '' });
      expect(text.out).toMatch(
        /\nbookings +BROKEN \(3\) +6 trades[^]*\n {2}commissions\.conserved: deal \d+: earned 10960000 units, its rebates add up to 10959999\n/,
      );
      const json = await run('verify', '--json');
      expect(json).toMatchObject({ code: 1, err: '' });
      expect(JSON.parse(json.out)).toMatchObject({
        ok: false,
        tenants: [
          {
            ok: false,
            tenant: 'acme',
            checked: { trades: 6 },
            findings: Array.from({ length: 3 }, () => ({ rule: 'commissions.conserved' })),
          },
        ],
      });
    });

    it('explains a trade, and one that was not paid', async () => {
      const paid = await run('trades', 'explain', dealIdOf(names.paid ?? 0n), '--tenant', 'acme');
      expect(paid).toMatchObject({ code: 0, err: '' });
      for (const words of ['1.37 lots of EURUSD', 'Kim, then Lena, then Omar, then Maria', 'earn 10.96 USD', '2.055'])
        expect(paid.out).toContain(words);
      const short = await run('trades', 'explain', dealIdOf(names.short ?? 0n), '--tenant', 'acme');
      expect(short).toMatchObject({ code: 0, err: '' });
      expect(short.out).toContain('paid nothing: The position was open for less than the minimum time of the plan.');
      const due = await run('trades', 'explain', dealIdOf(names.due ?? 0n), '--tenant', 'acme');
      expect(due).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(/^commissions\.booking_unknown: /) as string,
      });
    });

    it('ends with 2 where a tenant could not be checked', async () => {
      expect(await run('verify', '--tenant', 'nobody', '--json')).toMatchObject({
        code: 2,
        out: expect.stringMatching(
          /"ok": false,\n +"tenant": "nobody",\n +"error": \{\n +"code": "tenancy\.tenant_unknown"/,
        ) as string,
      });
    });
  });

  it('and all was put back', async () => {
    expect(await verify({ recompute: true })).toMatchObject({ ok: true });
  });
});
