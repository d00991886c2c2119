import type { Knex } from 'knex';

/**
 * Clients as people who sign up: contact data, admission, who looks after them, and the code by which they came. Each IB
 * gets a referral code. And the doors of `ib` and `clients` in SQL: what a caller reaches, for the statements of others.
 */
export const up = (knex: Knex): Promise<void> =>
  knex
    .raw(people)
    .then(() => knex.raw(subtrees))
    .then(() => knex.raw(reach));

const people = `
  alter table clients.clients
    add column first_name text,
    add column last_name text,
    add column email text,
    add column email_key text, -- As it is compared and looked for.
    add column phone text,
    add column country text,
    -- Whoever was here before there was admission has been admitted.
    add column kyc_state text not null default 'approved',
    add column owner_user_id uuid,
    add column desk_id uuid,
    add column referral_code text, -- As it was given at sign-up, whether it named an IB or not.
    add column contact_version integer not null default 1,
    add constraint clients_email_with_key check ((email is null) = (email_key is null)),
    add constraint clients_phone_e164 check (phone ~ '^\\+[1-9][0-9]{6,14}$'),
    add constraint clients_country_code check (country ~ '^[A-Z]{2}$'),
    add constraint clients_kyc_state check (kyc_state in ('pending', 'documents_submitted', 'under_review', 'approved',
      'rejected', 'on_hold', 'expired', 'suspended', 'reverification'));
  alter table clients.clients alter column kyc_state set default 'pending';
  create index clients_by_creation on clients.clients (created_at, id);
  create index clients_by_name on clients.clients (name, id);
  create index clients_by_email on clients.clients (email_key) where email_key is not null;
  create index clients_of_user on clients.clients (owner_user_id) where owner_user_id is not null;
  create index clients_of_desk on clients.clients (desk_id) where desk_id is not null;
  create index accounts_by_opening on clients.accounts (opened_at, id);
  create index accounts_by_login on clients.accounts (login, id);
  grant update (name, first_name, last_name, email, email_key, phone, country, contact_version, kyc_state,
    owner_user_id, desk_id) on clients.clients to cascade_app;

  -- What contact data were before they were changed. Events name the version and never the values: a chain of hashes
  -- cannot forget, this table can.
  create table clients.former_contacts (
    client_key integer not null references clients.clients (key),
    version integer not null,
    name text not null,
    first_name text,
    last_name text,
    email text,
    phone text,
    country text,
    replaced_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    primary key (client_key, version)
  );
  grant select, insert on clients.former_contacts to cascade_app;

  -- A client asks for a trading account; whoever opens one on the platform says that this is it.
  create table clients.account_requests (
    id uuid primary key,
    client_key integer not null references clients.clients (key),
    server text,
    currency text not null,
    asked_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    account_key integer references clients.accounts (key)
  );
  create index account_requests_of_client on clients.account_requests (client_key);
  create index account_requests_by_time on clients.account_requests (asked_at, id);
  grant select, insert, update (account_key) on clients.account_requests to cascade_app;

  -- Ten signs of Crockford's base32, 50 random bits: nobody guesses one, and anybody can read it over the telephone.
  -- Bytes 6 and 8 of a uuid hold its version and variant, so they are left out.
  create function ib.new_referral_code() returns text language sql volatile as $$
    select string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (get_byte(given.bytes, place) & 31), 1), '' order by place)
      from (select uuid_send(gen_random_uuid()) as bytes) given,
           unnest(array[0, 1, 2, 3, 4, 5, 9, 10, 11, 12]) as place
  $$;
  alter table ib.ibs add column referral_code text not null default ib.new_referral_code();
  alter table ib.ibs add constraint ibs_referral_code unique (referral_code);
  create index ibs_by_name on ib.ibs (name, id);
  create index ibs_by_beginning on ib.ibs (valid_from, id);
  create index client_links_of_ib on ib.client_links (ib_key, valid_to) include (valid_from, client_key)
    where superseded_at = 'infinity';
`;

/**
 * The tree for statements of other features. \`as_of\` null is the present. A function with a set as its answer is a single
 * select that the planner takes into the calling statement: one range of the closure's index, then of the links' index.
 */
const subtrees = `
  -- The latest change may be a moment ahead of the clock.
  create function ib.present() returns timestamptz language sql stable as $$
    select greatest(date_trunc('milliseconds', statement_timestamp()), s.recorded_at) from ib.structure s
  $$;

  -- An IB (depth 0) and all below it.
  create function ib.ibs_below(top uuid, as_of timestamptz default null)
    returns table (ib_key integer, depth integer) language sql stable as $$
    select c.descendant_key, c.depth::integer
      from ib.closure c
     where c.ancestor_key = (select i.key from ib.ibs i where i.id = top)
       and c.superseded_at = 'infinity'
       and c.valid_from <= coalesce(as_of, (select ib.present()))
       and c.valid_to > coalesce(as_of, (select ib.present()))
  $$;

  -- The clients of an IB and of all below it.
  create function ib.clients_below(top uuid, as_of timestamptz default null)
    returns table (client_key integer, ib_key integer) language sql stable as $$
    select l.client_key, l.ib_key
      from ib.closure c
      join ib.client_links l on l.ib_key = c.descendant_key and l.superseded_at = 'infinity'
           and l.valid_from <= coalesce(as_of, (select ib.present()))
           and l.valid_to > coalesce(as_of, (select ib.present()))
     where c.ancestor_key = (select i.key from ib.ibs i where i.id = top)
       and c.superseded_at = 'infinity'
       and c.valid_from <= coalesce(as_of, (select ib.present()))
       and c.valid_to > coalesce(as_of, (select ib.present()))
  $$;

  -- The clients of this very IB.
  create function ib.clients_of(owner uuid, as_of timestamptz default null)
    returns table (client_key integer) language sql stable as $$
    select l.client_key
      from ib.client_links l
     where l.ib_key = (select i.key from ib.ibs i where i.id = owner)
       and l.superseded_at = 'infinity'
       and l.valid_from <= coalesce(as_of, (select ib.present()))
       and l.valid_to > coalesce(as_of, (select ib.present()))
  $$;

  -- The IB that a client belongs to; no row where it belongs to none.
  create function ib.ib_of_client(client integer, as_of timestamptz default null)
    returns table (ib_key integer, ib_id uuid) language sql stable as $$
    select i.key, i.id
      from ib.client_links l
      join ib.ibs i on i.key = l.ib_key
     where l.client_key = client and l.superseded_at = 'infinity'
       and l.valid_from <= coalesce(as_of, (select ib.present()))
       and l.valid_to > coalesce(as_of, (select ib.present()))
  $$;

  -- Whether an IB is another one or below it: for one object, by the range of its upline.
  create function ib.is_ib_below(ib integer, top uuid, as_of timestamptz default null)
    returns boolean language sql stable as $$
    select exists (
      select from ib.closure c
       where c.descendant_key = ib
         and c.ancestor_key = (select i.key from ib.ibs i where i.id = top)
         and c.superseded_at = 'infinity'
         and c.valid_from <= coalesce(as_of, (select ib.present()))
         and c.valid_to > coalesce(as_of, (select ib.present())))
  $$;

  -- Whether a client belongs to an IB or to one below it: for one object, by its link and the range of the upline.
  create function ib.is_client_below(client integer, top uuid, as_of timestamptz default null)
    returns boolean language sql stable as $$
    select exists (
      select from ib.client_links l
        join ib.closure c on c.descendant_key = l.ib_key and c.superseded_at = 'infinity'
             and c.valid_from <= coalesce(as_of, (select ib.present()))
             and c.valid_to > coalesce(as_of, (select ib.present()))
       where l.client_key = client and l.superseded_at = 'infinity'
         and l.valid_from <= coalesce(as_of, (select ib.present()))
         and l.valid_to > coalesce(as_of, (select ib.present()))
         and c.ancestor_key = (select i.key from ib.ibs i where i.id = top))
  $$;
`;

/** Whom a caller reaches, by any of the ways that are not null (src/clients/reach.ts binds them). */
const reach = `
  create function clients.reached(user_id uuid, desk_ids uuid[], this_client uuid, subtree_of uuid)
    returns table (client_key integer) language sql stable as $$
    select c.key from clients.clients c where c.owner_user_id = user_id
    union
    select c.key from clients.clients c where c.desk_id = any (desk_ids)
    union
    select c.key from clients.clients c where c.id = this_client
    union
    select b.client_key from ib.clients_below(subtree_of) b
  $$;

  create function clients.is_reached(client integer, user_id uuid, desk_ids uuid[], this_client uuid, subtree_of uuid)
    returns boolean language sql stable as $$
    select exists (select from clients.clients c
                    where c.key = client
                      and (c.owner_user_id = user_id or c.desk_id = any (desk_ids) or c.id = this_client))
        or ib.is_client_below(client, subtree_of)
  $$;
`;
