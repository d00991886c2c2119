import { z } from 'zod';
import { TenantId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { controlQuery, query } from '../../platform/query.ts';

export const quotasOf = controlQuery(
  'tenancy.quotas_of',
  z.object({
    requestsPerMinute: z.int().nullable(),
    usersMax: z.int().nullable(),
    clientsMax: z.int().nullable(),
    exportsPerDay: z.int(),
    tradesPerDayExpected: z.bigint().nullable(),
  }),
  `
  select requests_per_minute as "requestsPerMinute", users_max as "usersMax", clients_max as "clientsMax",
         exports_per_day as "exportsPerDay", trades_per_day_expected as "tradesPerDayExpected"
    from control.quotas where tenant_id = :tenantId`,
);

export const putQuotas = controlQuery(
  'tenancy.put_quotas',
  z.object({}),
  `
  insert into control.quotas (tenant_id, requests_per_minute, users_max, clients_max, exports_per_day, trades_per_day_expected)
  values (:tenantId, :requestsPerMinute, :usersMax, :clientsMax, :exportsPerDay, :tradesPerDayExpected)
  on conflict (tenant_id) do update
     set requests_per_minute = excluded.requests_per_minute, users_max = excluded.users_max, clients_max = excluded.clients_max,
         exports_per_day = excluded.exports_per_day, trades_per_day_expected = excluded.trades_per_day_expected,
         changed_at = clock_timestamp()`,
);

/** What was counted since the last time is added to what others counted; in the order of tenants, so that two never wait for each other. */
export const addUsage = controlQuery(
  'tenancy.add_usage',
  z.object({}),
  `
  insert into control.usage as u (tenant_id, day, requests, trades)
  select t.id, (now() at time zone 'UTC')::date, c.requests, c.trades
    from unnest(:tenantIds::uuid[], :requests::bigint[], :trades::bigint[]) as c (tenant_id, requests, trades)
    join control.tenants t on t.id = c.tenant_id
   order by t.id
  on conflict (tenant_id, day) do update
     set requests = u.requests + excluded.requests, trades = u.trades + excluded.trades`,
);

export const putSample = controlQuery(
  'tenancy.put_usage_sample',
  z.object({}),
  `
  insert into control.usage (tenant_id, day, users, clients, database_bytes, trades_due, sampled_at)
  values (:tenantId, (now() at time zone 'UTC')::date, :users, :clients, :databaseBytes, :tradesDue, clock_timestamp())
  on conflict (tenant_id, day) do update
     set users = excluded.users, clients = excluded.clients, database_bytes = excluded.database_bytes,
         trades_due = excluded.trades_due, sampled_at = excluded.sampled_at`,
);

export const databaseSize = query(
  'tenancy.database_size',
  z.object({ bytes: z.bigint() }),
  `select pg_database_size(current_database()) as bytes`,
);

/** Active tenants whose figures are older than a time; at random, so that those out of reach keep nobody else from being looked at. */
export const tenantsToSample = controlQuery(
  'tenancy.tenants_to_sample',
  z.object({ tenantId: TenantId }),
  `
  select t.id as "tenantId"
    from control.tenants t
    left join control.usage u on u.tenant_id = t.id and u.day = (now() at time zone 'UTC')::date
   where t.status = 'active'
     and coalesce(u.sampled_at, '-infinity') < clock_timestamp() - make_interval(secs => :ageMs::double precision / 1000)
   order by random()
   limit :max`,
);

/** Tenants with more trades today than was expected, once a day. */
export const noteUnexpected = controlQuery(
  'tenancy.note_unexpected_trades',
  z.object({ tenantId: TenantId, trades: z.bigint(), expected: z.bigint() }),
  `
  update control.usage u set warned_at = clock_timestamp()
    from control.quotas q
   where q.tenant_id = u.tenant_id and u.day = (now() at time zone 'UTC')::date and u.warned_at is null
     and u.trades > q.trades_per_day_expected
  returning u.tenant_id as "tenantId", u.trades, q.trades_per_day_expected as expected`,
);

export const usagePage = pagedQuery(
  'tenancy.usage_page',
  z.object({
    day: z.string(),
    dayText: z.string(),
    requests: z.bigint(),
    trades: z.bigint(),
    users: z.bigint().nullable(),
    clients: z.bigint().nullable(),
    databaseBytes: z.bigint().nullable(),
    tradesDue: z.bigint().nullable(),
    sampledAt: z.date().nullable(),
  }),
  `
  select day, day::text as "dayText", requests, trades, users, clients, database_bytes as "databaseBytes", trades_due as "tradesDue",
         sampled_at as "sampledAt"
    from control.usage where tenant_id = :tenantId`,
  {
    sorts: { day: { column: 'day', type: 'date' } },
    unique: { column: 'dayText', schema: z.iso.date(), type: 'text' },
  },
);
