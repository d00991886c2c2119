import type { Knex } from 'knex';

/**
 * The IB tree. Every fact has two times: when it holds in the world (valid_from, valid_to) and while it was what we
 * knew (recorded_at, superseded_at); all are half-open, UTC, in whole milliseconds. Nothing is deleted: knowledge that
 * ends is superseded. What is known at present (superseded_at = 'infinity') is the hot set and has partial indexes.
 */
export const up = (knex: Knex): Promise<void> =>
  knex
    .raw(`
    create schema ib;
    grant usage on schema ib to cascade_app;

    -- The instant of the latest change. Whoever changes the tree, a link or a status updates this row first, which
    -- serialises them, and gives each change an instant later than all before it: what a reader finds here, it sees.
    create table ib.structure (
      only_row boolean primary key default true check (only_row),
      recorded_at timestamptz not null
    );
    insert into ib.structure (recorded_at) values ('epoch');
    grant select, update (recorded_at) on ib.structure to cascade_app;

    create table ib.ibs (
      key integer generated always as identity primary key,
      id uuid not null unique,
      name text not null check (name <> ''),
      valid_from timestamptz not null, -- Since when it is part of the tree.
      recorded_at timestamptz not null
    );
    grant select, insert on ib.ibs to cascade_app;

    -- Who is directly below whom: the plain truth from which the closure follows. A master has no parent.
    create table ib.edges (
      child_key integer not null references ib.ibs (key),
      parent_key integer references ib.ibs (key),
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity',
      recorded_at timestamptz not null,
      superseded_at timestamptz not null default 'infinity',
      reason text not null,
      check (child_key <> parent_key),
      check (valid_from < valid_to),
      check (recorded_at <= superseded_at)
    );
    create unique index edges_present on ib.edges (child_key, valid_to) include (parent_key, valid_from)
      where superseded_at = 'infinity';
    create index edges_upward on ib.edges (child_key) where parent_key > child_key and superseded_at = 'infinity';
    grant select, insert, update (superseded_at) on ib.edges to cascade_app;

    -- All that is above an IB, and itself at depth 0. A row from an IB to itself at another depth would be a cycle.
    create table ib.closure (
      descendant_key integer not null,
      ancestor_key integer not null,
      depth smallint not null,
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity',
      recorded_at timestamptz not null,
      superseded_at timestamptz not null default 'infinity',
      constraint closure_no_cycle check ((descendant_key = ancestor_key) = (depth = 0)),
      check (depth >= 0),
      check (valid_from < valid_to),
      check (recorded_at <= superseded_at)
    );
    -- An IB has one ancestor at a depth at a time, so the upline's index is a guard as well.
    create unique index closure_upline on ib.closure (descendant_key, depth, valid_to) include (valid_from, ancestor_key)
      where superseded_at = 'infinity';
    create index closure_downline on ib.closure (ancestor_key, depth, valid_to) include (valid_from, descendant_key)
      where superseded_at = 'infinity';
    create index closure_upline_before on ib.closure (descendant_key, depth) where superseded_at < 'infinity';
    create index closure_downline_before on ib.closure (ancestor_key, depth) where superseded_at < 'infinity';
    grant select, insert, update (superseded_at) on ib.closure to cascade_app;

    -- When an IB was not active; where there is no row it was.
    create table ib.statuses (
      ib_key integer not null references ib.ibs (key),
      status text not null check (status in ('suspended', 'terminated')),
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity',
      recorded_at timestamptz not null,
      superseded_at timestamptz not null default 'infinity',
      reason text not null,
      check (valid_from < valid_to),
      check (recorded_at <= superseded_at)
    );
    create unique index statuses_present on ib.statuses (ib_key, valid_to) where superseded_at = 'infinity';
    grant select, insert, update (superseded_at) on ib.statuses to cascade_app;

    -- Which IB a client belongs to.
    create table ib.client_links (
      key integer generated always as identity primary key,
      client_key integer not null references clients.clients (key),
      ib_key integer not null references ib.ibs (key),
      valid_from timestamptz not null,
      valid_to timestamptz not null default 'infinity',
      recorded_at timestamptz not null,
      superseded_at timestamptz not null default 'infinity',
      reason text not null,
      check (valid_from < valid_to),
      check (recorded_at <= superseded_at)
    );
    create unique index client_links_present on ib.client_links (client_key, valid_to) include (valid_from, ib_key, key)
      where superseded_at = 'infinity';
    create index client_links_before on ib.client_links (client_key) where superseded_at < 'infinity';
    grant select, insert, update (superseded_at) on ib.client_links to cascade_app;
  `)
    .then(() => knex.raw(guards));

/**
 * The database's own guards. An exclusion constraint would need an extension that a server may lack, so overlaps are
 * refused by triggers; they see all rows of a statement at once and cost a bulk little.
 */
const guards = `
  create function ib.refuse_overlap() returns trigger language plpgsql as $$
  declare
    subject integer;
  begin
    execute format(
      'select f.%1$I from fresh f join %2$I.%3$I o on o.%1$I = f.%1$I and o.superseded_at = ''infinity''
          and o.valid_from < f.valid_to and f.valid_from < o.valid_to and o.valid_to <> f.valid_to
        where f.superseded_at = ''infinity'' limit 1', tg_argv[0], tg_table_schema, tg_table_name) into subject;
    if subject is not null then
      raise exception '%.% would hold two rows of % at one time', tg_table_schema, tg_table_name, subject
        using errcode = 'exclusion_violation';
    end if;
    return null;
  end $$;
  create trigger no_overlap after insert on ib.edges referencing new table as fresh
    for each statement execute function ib.refuse_overlap('child_key');
  create trigger no_overlap after insert on ib.statuses referencing new table as fresh
    for each statement execute function ib.refuse_overlap('ib_key');
  create trigger no_overlap after insert on ib.client_links referencing new table as fresh
    for each statement execute function ib.refuse_overlap('client_key');

  -- Walks up from each new edge within its validity. A tree whose parents are all older than their children, as after
  -- an import, has no cycle and needs no walk.
  create function ib.refuse_cycle() returns trigger language plpgsql as $$
  declare
    subject integer;
  begin
    if not exists (select from ib.edges where parent_key > child_key and superseded_at = 'infinity') then
      return null;
    end if;
    with recursive walk (origin, node, valid_from, valid_to) as (
      select child_key, parent_key, valid_from, valid_to from fresh
       where parent_key is not null and superseded_at = 'infinity'
      union
      select w.origin, e.parent_key, greatest(w.valid_from, e.valid_from), least(w.valid_to, e.valid_to)
        from walk w
        join ib.edges e on e.child_key = w.node and e.superseded_at = 'infinity'
             and e.valid_from < w.valid_to and w.valid_from < e.valid_to
       where e.parent_key is not null and w.node <> w.origin
    )
    select origin into subject from walk where node = origin limit 1;
    if subject is not null then
      raise exception 'IB % would be above itself', subject using errcode = 'check_violation', constraint = 'edges_no_cycle';
    end if;
    return null;
  end $$;
  create trigger no_cycle after insert on ib.edges referencing new table as fresh
    for each statement execute function ib.refuse_cycle();

  create function ib.refuse_second_end() returns trigger language plpgsql as $$
  begin
    raise exception 'knowledge in % that has ended is not changed', tg_table_schema || '.' || tg_table_name
      using errcode = 'restrict_violation';
  end $$;
  create trigger ended_once before update on ib.edges for each row when (old.superseded_at < 'infinity')
    execute function ib.refuse_second_end();
  create trigger ended_once before update on ib.closure for each row when (old.superseded_at < 'infinity')
    execute function ib.refuse_second_end();
  create trigger ended_once before update on ib.statuses for each row when (old.superseded_at < 'infinity')
    execute function ib.refuse_second_end();
  create trigger ended_once before update on ib.client_links for each row when (old.superseded_at < 'infinity')
    execute function ib.refuse_second_end();
`;
