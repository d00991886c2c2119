import type { Knex } from 'knex';

/**
 * What changes the past of periods that were settled: closes that were corrected into another period, and moves and links of the
 * tree that were told later.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    -- Deals whose close is, or was, booked at another instant than it was delivered for: found where they belong.
    create table commissions.moved_closes (
      deal_key bigint not null,
      client_key integer not null,
      closed_at timestamptz not null,
      delivered_at timestamptz not null,
      primary key (deal_key, client_key, closed_at)
    );
    create index moved_closes_of_client on commissions.moved_closes (client_key, closed_at);
    grant select, insert on commissions.moved_closes to cascade_app;
    create trigger append_only before update or delete or truncate on commissions.moved_closes
      for each statement execute function platform.refuse_change();

    -- Up to which knowledge of the tree periods were looked at. All that was booked is looked at once more, for what was moved.
    alter table commissions.period_marks add column tree_known_at timestamptz;
    update commissions.period_marks set units = '{}';

    -- What became known of the tree since an instant.
    create index edges_recorded on ib.edges (recorded_at);
    create index edges_superseded on ib.edges (superseded_at) where superseded_at < 'infinity';
    create index client_links_recorded on ib.client_links (recorded_at);
    create index client_links_superseded on ib.client_links (superseded_at) where superseded_at < 'infinity';
  `);
