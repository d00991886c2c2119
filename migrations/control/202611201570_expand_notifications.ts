import type { Knex } from 'knex';

/** Mails to the installation's operators: the same form as a tenant's. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema notifications;

    create table notifications.messages (
      id uuid primary key,
      template text not null,
      content bytea, -- Sealed: recipient and what the mail tells. Null once it was sent, has failed for good or is too old.
      state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'failed')),
      attempts integer not null default 0,
      next_try_at timestamptz not null default clock_timestamp(),
      created_at timestamptz not null default clock_timestamp(),
      sent_at timestamptz,
      last_error text,
      check ((state = 'sent') = (sent_at is not null)),
      check (state in ('sent', 'failed') = (content is null))
    );
    create index messages_due on notifications.messages (next_try_at) where state in ('waiting', 'sending');
    create index messages_created on notifications.messages (created_at);
  `);
