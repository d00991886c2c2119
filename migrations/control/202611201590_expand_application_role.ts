import type { Knex } from 'knex';

/**
 * What the installation's application role may do with what operators have in common with tenants' people: accounts,
 * sessions, mails. The tables of the registry and the chain of events have grants of their own, next to them.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    do $$
    declare
      each record;
    begin
      for each in
        select n.nspname as schema, c.relname as name, c.relkind as kind
          from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'v', 'S')
           and n.nspname not in ('public', 'control', 'information_schema') and n.nspname not like 'pg\\_%'
           and not (n.nspname = 'platform' and c.relname in ('events', 'event_head'))
      loop
        execute format('grant usage on schema %I to cascade_app', each.schema);
        if each.kind = 'S' then
          execute format('grant usage on sequence %I.%I to cascade_app', each.schema, each.name);
        else
          execute format('grant select, insert, update, delete on %I.%I to cascade_app', each.schema, each.name);
        end if;
      end loop;
    end $$;
  `);
