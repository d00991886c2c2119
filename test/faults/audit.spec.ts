import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Random } from '../../simulators/mt-server/index.ts';
import { chainHash } from '../../src/platform/events/chain.ts';
import {
  chainHead,
  emit,
  eventsBetween,
  type Finding,
  headKeptOutside,
  keepHeadOutside,
  verifyEvents,
} from '../../src/platform/events/index.ts';
import type { RealmTx } from '../../src/platform/tenant-tx.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import type { Tenancy, Tenant } from '../../src/tenancy/index.ts';
import { openTestTenancy, testOrigin } from '../support/tenancy.ts';
import { rounds } from './support/rounds.ts';

const EVENTS = 40;
const CUT = 10;

/** What somebody does to the trail who owns the database, and what the verifier must say of it first. */
type Tampering = (
  random: Random,
  last: number,
) => { readonly sql: string; readonly first: string; readonly rule: string };

const setHeadBack = (last: number): string =>
  `update platform.event_head set seq = ${last}, hash = (select hash from platform.events where seq = ${last})`;

const tamperings: Readonly<Record<string, Tampering>> = {
  'a changed row': (random, last) => {
    const seq = random.whole(1, last);
    const [column, value] = (
      [
        ['payload', `payload || '{"after": {"role": "owner"}}'`],
        ['actor', `'somebody else'`],
        ['recorded_at', `recorded_at - interval '1 day'`],
        ['causation', `'req_another'`],
      ] as const
    )[random.whole(0, 3)] ?? ['actor', `'nobody'`];
    return {
      sql: `update platform.events set ${column} = ${value} where seq = ${seq}`,
      first: `event/${seq}`,
      rule: 'events.hash',
    };
  },
  'a deleted row': (random, last) => {
    const seq = random.whole(1, last - 1);
    return { sql: `delete from platform.events where seq = ${seq}`, first: `event/${seq}`, rule: 'events.seq' };
  },
  'two swapped rows': (random, last) => {
    const one = random.whole(1, last - 1);
    const other = random.whole(one + 1, last);
    return {
      sql: `update platform.events set seq = -seq where seq in (${one}, ${other});
            update platform.events set seq = case seq when ${-one} then ${other} else ${one} end where seq in (${-one}, ${-other})`,
      first: `event/${one}`,
      rule: 'events.link',
    };
  },
  'a cut tail': (_random, last) => ({
    sql: `delete from platform.events where seq > ${last - CUT}; ${setHeadBack(last - CUT)}`,
    first: `event/${last - CUT + 1}`,
    rule: 'events.head_outside',
  }),
};

/** The first bad number that any finding names, and the rule that names it. */
function firstBad(findings: readonly Finding[]): { readonly first: string; readonly rule: string } | undefined {
  const seqOf = ({ subject }: Finding): number => Number(subject.replace('event/', ''));
  const [found] = findings.toSorted((left, right) => seqOf(left) - seqOf(right));
  return found && { first: found.subject, rule: found.rule };
}

const happen = async (run: (work: (tx: RealmTx) => Promise<void>) => Promise<void>, random: Random): Promise<void> => {
  for (let written = 0; written < EVENTS;) {
    const count = Math.min(EVENTS - written, random.whole(1, 8));
    await run(async (tx) => {
      for (let each = 0; each < count; each += 1)
        emit(tx, {
          stream: `users/${random.whole(1, 4)}`,
          type: 'identity.roles_changed',
          schemaVersion: 1,
          payload: { before: { roles: ['support'] }, after: { roles: ['finance'] }, each },
        });
    });
    written += count;
  }
};

describe('An audit trail that its database’s owner has tampered with', () => {
  let tenancy: Tenancy;
  let made = 0;
  beforeAll(async () => {
    tenancy = await openTestTenancy({ connectionsMax: 16 });
  });
  afterAll(() => tenancy.close());

  /** As the owner of a tenant's database, whom no trigger stops. */
  const asOwner = (tenant: Tenant, sql: string): Promise<void> =>
    asAdmin(
      tenancy.provisioning,
      tenant.database,
      async (pool) => {
        await pool.transaction(async (trx) => {
          await trx.raw('alter table platform.events disable trigger append_only');
          await trx.raw(sql);
          await trx.raw('alter table platform.events enable trigger append_only');
        });
      },
      { role: tenant.ownerRole },
    );
  const verify = async (tenant: Tenant): Promise<Finding[]> => {
    const headOutside = await headKeptOutside(tenancy.withControl, tenant.id);
    return tenancy.withTenant(tenant.id, testOrigin, (tx) => verifyEvents(tx, { headOutside }));
  };
  const broker = async (random: Random): Promise<{ tenant: Tenant; last: number }> => {
    const tenant = await tenancy.createTenant({ slug: `broker${(made += 1)}`, name: 'A broker' });
    await happen((work) => tenancy.withTenant(tenant.id, testOrigin, work), random);
    const last = await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
      const { seq } = await chainHead(tx);
      await keepHeadOutside(tenancy.withControl, tx, seq);
      return Number(seq);
    });
    expect(await verify(tenant)).toEqual([]);
    return { tenant, last };
  };

  const counts = { few: 2, all: 20, roundMsMax: 30_000 };
  for (const [what, tampering] of Object.entries(tamperings))
    rounds('A30', `shows ${what}, by its first bad number`, counts, async ({ random }) => {
      const { tenant, last } = await broker(random);
      const { sql, first, rule } = tampering(random, last);
      await asOwner(tenant, sql);
      const fromMs = performance.now();
      expect(firstBad(await verify(tenant))).toEqual({ first, rule });
      return { recoveryMs: performance.now() - fromMs };
    });

  rounds(
    'A30',
    'shows one that was written anew to its end, by the head kept elsewhere',
    counts,
    async ({ random }) => {
      const { tenant, last } = await broker(random);
      const changed = BigInt(random.whole(1, last));
      const statements = await tenancy.withTenant(tenant.id, testOrigin, async (tx) => {
        const events = await eventsBetween(tx, {}, { after: changed - 1n, upTo: BigInt(last), max: last });
        let before = events[0]?.previousHash ?? Buffer.alloc(32);
        return events.map((event) => {
          const actor = event.seq === changed ? 'somebody else' : event.actor;
          const { previousHash: _previous, hash: _hash, ...told } = event;
          const hash = chainHash(before, { ...told, actor });
          const sql = `update platform.events set actor = '${actor}', previous_hash = '\\x${before.toString('hex')}', hash = '\\x${hash.toString('hex')}' where seq = ${event.seq}`;
          before = hash;
          return sql;
        });
      });
      const fromMs = performance.now();
      await asOwner(tenant, [...statements, setHeadBack(last)].join(';\n'));
      expect(firstBad(await verify(tenant))).toEqual({ first: `event/${last}`, rule: 'events.head_outside' });
      return { recoveryMs: performance.now() - fromMs };
    },
  );

  rounds('A30', 'of the installation’s own operators shows as well', counts, async ({ number, random }) => {
    await happen((work) => tenancy.withControl(work), random);
    const headOutside = await tenancy.withControl(chainHead);
    const last = Number(headOutside.seq);
    const kinds = Object.values(tamperings);
    const { sql, first, rule } = (kinds[number % kinds.length] ?? tamperings['a cut tail'])?.(random, last) ?? fail();
    const database = await tenancy.withControl(async (tx) => {
      const found: { rows: { name: string }[] } = await tx.sql.raw('select current_database() as name');
      return found.rows[0]?.name ?? '';
    });
    const fromMs = performance.now();
    await asAdmin(tenancy.provisioning, database, async (pool) => {
      await pool.raw('create table public.kept as select * from platform.events');
      await pool.raw(`alter table platform.events disable trigger append_only; ${sql}`);
      const findings = await tenancy.withControl((tx) => verifyEvents(tx, { headOutside }));
      expect(firstBad(findings)).toEqual({ first, rule });
      await pool.raw(`delete from platform.events; insert into platform.events select * from public.kept; drop table public.kept;
        ${setHeadBack(last)}; alter table platform.events enable trigger append_only`);
    });
    expect(await tenancy.withControl((tx) => verifyEvents(tx, { headOutside }))).toEqual([]);
    return { recoveryMs: performance.now() - fromMs };
  });
});

const fail = (): never => {
  throw new Error('there is no such tampering');
};
