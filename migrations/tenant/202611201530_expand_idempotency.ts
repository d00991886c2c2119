import type { Knex } from 'knex';

/**
 * Answers to requests that carried an Idempotency-Key, so that a repeated request gets the same one and does nothing. The
 * caller is part of the key: equal keys of two callers have nothing to do with each other. Rows are of use for 7 days.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
  create table platform.idempotency (
    caller text collate "C" not null check (length(caller) between 1 and 100),
    key text collate "C" not null check (length(key) between 1 and 255),
    operation text collate "C" not null,
    request_hash bytea not null check (length(request_hash) = 32), -- SHA-256 over the address and the body as sent.
    status smallint not null,
    answer text not null, -- JSON as it was sent; empty where there was no body.
    created_at timestamptz not null default clock_timestamp(),
    primary key (caller, key)
  );
  create index idempotency_by_age on platform.idempotency (created_at);
  grant select, insert, update, delete on platform.idempotency to cascade_app;`);
}
