import type { Snapshot } from '../types.ts';
import { type Html, html } from './html.ts';
import { type Status, concerns, count, duration, processStatus, queueStatus, tenantStatus } from './rules.ts';

const SHAPES = { good: '●', look: '▲', bad: '■', off: '○' } as const;

/** A state is a word, a colour and a shape, so that it can be told without any one of them. */
const state = ({ level, word }: Status): Html =>
  html`<span class="state ${level}"><span aria-hidden="true">${SHAPES[level]}</span> ${word}</span>`;

const page = (title: string, main: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/ops.css" />
        <script src="/assets/ops.js" defer></script>
      </head>
      <body>
        ${main}
      </body>
    </html> `.html;

const header = (aside: Html): Html =>
  html`<header>
    <h1>Cascade</h1>
    ${aside}
  </header>`;

const LINKS = html`<nav aria-label="Operator">
  <a href="/ops/queues">Queue board</a><a href="/readyz">Ready</a><a href="/healthz">Alive</a
  ><a href="/metrics">Metrics</a><a href="/docs">API</a>
</nav>`;

/** What anybody may see: that it runs, and how an operator gets in. */
export const harmlessPage = (): string =>
  page(
    'Cascade',
    html`${header(state({ level: 'good', word: 'alive' }))}
      <main class="narrow">
        <p>This installation is running. What it is doing is shown to its operator.</p>
        <p><a class="primary" href="/ops">Show what is running</a></p>
        <p class="quiet">
          A browser asks for a name and a password: any name, and the operator’s token. A program sends
          <code>Authorization: Bearer &lt;token&gt;</code>. The token is printed when the product starts, or is set in
          the environment.
        </p>
        <p>
          <a href="/docs">How people and programs sign in</a>, and what the API can do. A broker’s people sign in on the
          broker’s own host, operators of the platform on this one.
        </p>
      </main>`,
  );

/** Said instead of figures while they cannot be had. */
export const unavailablePage = (): string =>
  page(
    'Cascade: no figures',
    html`${header(state({ level: 'bad', word: 'no figures' }))}
      <main class="narrow" data-refresh>
        <p>
          The figures cannot be read at the moment. This page tries again by itself; <a href="/readyz">Ready</a> says
          which part is missing.
        </p>
      </main>`,
  );

/** The start page: what is running, how much it does, and what to look at. */
export function startPage(snapshot: Snapshot): string {
  const open = concerns(snapshot);
  const overall: Status =
    open.length === 0 ? { level: 'good', word: 'all well' } : { level: 'look', word: `${open.length} to look at` };
  const time = snapshot.takenAt.toISOString();
  return page(
    'Cascade: what is running',
    html`${header(html`${state(overall)}<span class="quiet">${snapshot.version}</span><time class="quiet" datetime="${time}">${time.slice(11, 19)} UTC</time>${LINKS}`)}
      <main data-refresh>
        ${
          open.length === 0
            ? html``
            : html`<ul class="concerns">
                ${open.slice(0, 8).map((each) => html`<li>${each}</li>`)}
              </ul>`
        }
        ${tiles(snapshot)} ${tenants(snapshot)}
        <div class="pair">${queues(snapshot)}${processes(snapshot)}</div>
      </main>`,
  );
}

const tile = (label: string, value: string, note: string, level = ''): Html =>
  html`<div class="tile ${level}">
    <dt>${label}</dt>
    <dd>${value}</dd>
    <dd class="quiet">${note}</dd>
  </div>`;

function tiles({ lastMinute, queues: all, relay }: Snapshot): Html {
  const [longest] = all
    .filter((queue) => queue.oldestWaitingMs !== null)
    .sort((left, right) => (right.oldestWaitingMs ?? 0) - (left.oldestWaitingMs ?? 0));
  const perSecond = (value: number): string => `${count(Math.round(value / 6) / 10)} a second`;
  return html`<dl class="tiles" aria-label="The last minute">
    ${tile('Deals received', count(lastMinute.received), perSecond(lastMinute.received))}
    ${tile('Trades booked', count(lastMinute.booked), perSecond(lastMinute.booked))}
    ${tile('Rebates', count(lastMinute.rebates), perSecond(lastMinute.rebates))}
    ${tile('Parked', count(lastMinute.parked), 'in the last minute', lastMinute.parked > 0 ? 'look' : '')}
    ${tile('Failed jobs', count(lastMinute.failedJobs), 'in the last minute', lastMinute.failedJobs > 0 ? 'look' : '')}
    ${tile('Longest wait', longest === undefined ? 'none' : duration(longest.oldestWaitingMs ?? 0), longest?.name ?? 'no job waits')}
    ${tile('Relay behind by', count(relay.lagEventsMax), 'events of one tenant')}
  </dl>`;
}

type Column<Row> = {
  readonly label: string;
  readonly cell: (row: Row) => Html | string;
  readonly kind?: 'figure' | 'name';
};

/** A table whose rows become cards on a narrow screen; each cell carries its heading for that. */
function table<Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[], empty: string): Html {
  const body = rows.map(
    (row) =>
      html`<tr>
        ${columns.map(({ label, cell, kind = '' }) =>
          kind === 'name'
            ? html`<th scope="row">${cell(row)}</th>`
            : html`<td class="${kind}" data-label="${label}">${cell(row)}</td>`,
        )}
      </tr>`,
  );
  return html`<section>
    <h2>${title}</h2>
    ${
      rows.length === 0
        ? html`<p class="quiet">${empty}</p>`
        : html`<table>
            <thead>
              <tr>
                ${columns.map(({ label, kind = '' }) => html`<th scope="col" class="${kind}">${label}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${body}
            </tbody>
          </table>`
    }
  </section>`;
}

const TENANTS_SHOWN_MAX = 200;

const tenants = (snapshot: Snapshot): Html => {
  const figure = (label: string, pick: keyof NonNullable<Snapshot['tenants'][number]['counts']>) => ({
    label,
    kind: 'figure' as const,
    cell: (row: Snapshot['tenants'][number]) => (row.counts === null ? '–' : count(row.counts[pick])),
  });
  const all = snapshot.tenants.length;
  const title = all > TENANTS_SHOWN_MAX ? `Tenants (${TENANTS_SHOWN_MAX} of ${count(all)})` : 'Tenants';
  return table(
    title,
    snapshot.tenants.slice(0, TENANTS_SHOWN_MAX),
    [
      { label: 'Tenant', kind: 'name', cell: (row) => html`${row.name} <code>${row.slug}</code>` },
      { label: 'State', cell: (row) => state(tenantStatus(row)) },
      figure('Deals received', 'received'),
      figure('Due', 'due'),
      figure('Parked', 'parked'),
      figure('Booked', 'booked'),
      figure('Rebates', 'rebates'),
    ],
    'There are no tenants yet. Create one: npm run cascade -- tenants create',
  );
};

const queues = (snapshot: Snapshot): Html =>
  table(
    `Queues on ${snapshot.queue.kind === 'redis' ? 'Redis' : 'PostgreSQL'}${snapshot.queue.reachable ? '' : ': not reachable'}`,
    snapshot.queues,
    [
      { label: 'Queue', kind: 'name', cell: (row) => html`<code>${row.name}</code>` },
      { label: 'State', cell: (row) => state(queueStatus(row)) },
      { label: 'Waiting', kind: 'figure', cell: (row) => count(row.waiting) },
      { label: 'Active', kind: 'figure', cell: (row) => count(row.active) },
      { label: 'Delayed', kind: 'figure', cell: (row) => count(row.delayed) },
      { label: 'Failed', kind: 'figure', cell: (row) => count(row.failed) },
      {
        label: 'Longest wait',
        kind: 'figure',
        cell: (row) => (row.oldestWaitingMs === null ? '–' : duration(row.oldestWaitingMs)),
      },
    ],
    'No queue answers at the moment.',
  );

const processes = (snapshot: Snapshot): Html => {
  const { database } = snapshot;
  const kind = database.kind === 'embedded' ? 'embedded' : 'your own';
  return html`${table(
      'Processes',
      snapshot.processes,
      [
        { label: 'Role', kind: 'name', cell: (row) => row.role },
        { label: 'State', cell: (row) => state(processStatus(row.state)) },
        {
          label: 'Up for',
          kind: 'figure',
          cell: (row) =>
            html`<time datetime="${row.startedAt.toISOString()}" title="since ${row.startedAt.toISOString()}"
              >${duration(snapshot.takenAt.getTime() - row.startedAt.getTime())}</time
            >`,
        },
        { label: 'About', cell: (row) => row.detail },
      ],
      'No process has reported.',
    )}
    <p class="quiet">
      PostgreSQL ${database.version} (${kind})
      ${state(database.reachable ? { level: 'good', word: 'reachable' } : { level: 'bad', word: 'not reachable' })}
    </p>`;
};
