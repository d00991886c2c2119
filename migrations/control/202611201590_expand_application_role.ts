import type { Knex } from 'knex';

/**
 * What the installation's application role may do with what operators have in common with tenants' people: the same as
 * in a tenant's database. The tables of the registry and the chain of events have their grants next to them; the next
 * migration that makes a table here grants beside it, too.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    grant usage on schema identity, notifications to cascade_app;

    grant select, insert, update (email, email_key, name, phone, status, email_verified_at, client_id, ib_id, updated_at)
      on identity.users to cascade_app;
    grant select, insert, delete on identity.user_roles to cascade_app;
    grant select, insert, update (hash, changed_at) on identity.passwords to cascade_app;
    grant select, insert, update (last_used_at, proven_at, ended_at, ended_because, address, user_agent), delete
      on identity.sessions to cascade_app;
    grant select, insert, update (used_at, successor_hash, successor_salt, forgiven_at), delete
      on identity.refresh_tokens to cascade_app;
    grant select, insert, update (used_at), delete on identity.one_time_tokens to cascade_app;
    grant select, insert, update, delete on identity.sign_in_failures to cascade_app;
    grant select, insert, update (user_agent, last_seen_at, last_address), delete on identity.devices to cascade_app;
    grant select, insert, delete on identity.sign_ins to cascade_app;

    grant select, insert, delete, update (secret, pending_secret, pending_until, last_step, confirmed_at)
      on identity.totp_factors to cascade_app;
    grant select, insert, delete, update (used_at) on identity.recovery_codes to cascade_app;
    grant select, insert, delete, update (counter, used_at, name) on identity.passkeys to cascade_app;
    grant select, insert, delete, update (expires_at) on identity.passkey_challenges to cascade_app;
    grant select, insert, update (token_hash, expires_at, accepted_at, withdrawn_at) on identity.invitations to cascade_app;

    grant select, insert, update (verifies_until), delete on identity.signing_keys to cascade_app;

    grant select, insert, update (content, state, attempts, next_try_at, sent_at, last_error)
      on notifications.messages to cascade_app;
  `);
