import type { Knex } from 'knex';

/** Mails that wait to be sent, and what became of them. Recipient and content are sealed, and wiped when they are done with. */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create schema notifications;
    grant usage on schema notifications to cascade_app;

    create table notifications.messages (
      id uuid primary key,
      template text not null,
      content bytea, -- Sealed: recipient and what the mail tells. Null once it was sent, has failed for good or is too old.
      state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'failed')),
      attempts integer not null default 0,
      -- Not to be taken before: after a failure its pause, while it is sent the time its sender has for it.
      next_try_at timestamptz not null default clock_timestamp(),
      created_at timestamptz not null default clock_timestamp(),
      sent_at timestamptz,
      last_error text, -- A word and a code, never an address.
      check ((state = 'sent') = (sent_at is not null)),
      check (state in ('sent', 'failed') = (content is null))
    );
    create index messages_due on notifications.messages (next_try_at) where state in ('waiting', 'sending');
    create index messages_created on notifications.messages (created_at);
    grant select, insert, update (content, state, attempts, next_try_at, sent_at, last_error)
      on notifications.messages to cascade_app;
  `);
