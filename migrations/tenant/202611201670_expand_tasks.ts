import type { Knex } from 'knex';

/**
 * Long work: one row for each task, held by a worker for as long as it renews its lease, and what a task gives to be
 * downloaded, in pages. A task goes on from `checkpoint`, which is written in the transaction of the page that reached it.
 */
export const up = (knex: Knex): Promise<void> =>
  knex.raw(`
    create table platform.tasks (
      id uuid primary key,
      kind text collate "C" not null,
      payload jsonb not null,
      once text collate "C", -- Of all tasks of a kind with this name one at most is under way or done.
      state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
      requested_by text not null,
      causation text not null,
      checkpoint jsonb,
      progress_done bigint not null default 0,
      progress_total bigint,
      result jsonb,
      problem jsonb, -- Code, title and detail: why it failed, or why it is tried again.
      attempts integer not null default 0, -- Beginnings since the last checkpoint.
      nudges integer not null default 0,
      nudged_at timestamptz,
      retry_at timestamptz,
      holder uuid,
      lease_until timestamptz,
      cancel_asked_by text,
      created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
      started_at timestamptz,
      finished_at timestamptz,
      files_removed_at timestamptz,
      check ((state = 'running') = (holder is not null and lease_until is not null)),
      check ((state in ('done', 'failed', 'cancelled')) = (finished_at is not null))
    );
    create index tasks_under_way on platform.tasks (created_at) where state in ('queued', 'running');
    create index tasks_by_age on platform.tasks (created_at, id);
    create unique index tasks_once on platform.tasks (kind, once)
      where once is not null and state in ('queued', 'running', 'done');
    create index tasks_with_files on platform.tasks (finished_at) where finished_at is not null and files_removed_at is null;
    grant select, insert, update on platform.tasks to cascade_app;

    create table platform.task_pages (
      task_id uuid not null references platform.tasks,
      file text collate "C" not null check (file ~ '^[a-z0-9_-]{1,60}\\.(csv|json)$'),
      page integer not null,
      piece text not null,
      primary key (task_id, file, page)
    );
    grant select, insert, delete on platform.task_pages to cascade_app;
  `);
