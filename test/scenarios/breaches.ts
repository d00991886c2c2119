/** A breach in words, what plants it, and the rules that it breaks: a lie in one place may contradict several others. */
export type Planted = [what: string, sql: string, rules: string[]];

/**
 * The closing deals of the day: `:paid` earns, `:short` was not open for long enough, `:late` earns in a batch of its own,
 * `:due` waits, `:parked` has an unknown symbol. `:open` is the deal that opened what `:paid` closed.
 */
const bookings: readonly Planted[] = [
  [
    'a rebate was lowered',
    `update commissions.rebates set units = units - 1 where deal_key = :paid and kind = 3`,
    ['commissions.conserved'],
  ],
  [
    'what the client should have is the house’s',
    `update commissions.rebates set kind = 3 where deal_key = :paid and kind = 2`,
    ['commissions.conserved', 'commissions.equals_ledger', 'payouts.equals_ledger'],
  ],
  ['a reason is gone', `delete from commissions.unpaid where deal_key = :short`, ['commissions.unpaid_has_reason']],
  [
    'a rebate below zero makes room for a larger one',
    `update commissions.rebates set units = units + 1 where deal_key = :paid and kind = 3;
     insert into commissions.rebates values (:paid, 0, 0, 3, 77, -1, -1)`,
    ['commissions.rebates_above_zero'],
  ],
  [
    'a revision is missing',
    `update commissions.bookings set revision = 1 where deal_key = :short; update commissions.unpaid set revision = 1 where deal_key = :short`,
    ['commissions.revisions_without_holes'],
  ],
  [
    'a rebate has no booking',
    `insert into commissions.rebates values (:open, 0, 0, 3, 0, -1, 5)`,
    ['commissions.rows_have_booking'],
  ],
  [
    'a trade has a second booking',
    `insert into commissions.bookings select deal_key, 2, batch_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, earning_units
       from commissions.bookings where deal_key = :paid;
     insert into commissions.rebates select deal_key, 2, component, kind, beneficiary, depth, units from commissions.rebates where deal_key = :paid`,
    [
      'commissions.conserved',
      'commissions.revisions_without_holes',
      'commissions.within_budget',
      'commissions.batch_complete',
      'commissions.equals_ledger',
      'payouts.equals_ledger',
    ],
  ],
  [
    'a batch counts more than it has',
    `update commissions.batches set trades = trades + 1 where key = 1`,
    ['commissions.batch_complete'],
  ],
  [
    'a booking has no deal',
    `insert into commissions.bookings select 999, 0, batch_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, 0
       from commissions.bookings where deal_key = :short;
     insert into commissions.unpaid values (999, 0, -1, 'rate_zero');
     update commissions.batches set trades = trades + 1 where key = 1`,
    ['commissions.deal_exists'],
  ],
  [
    'a booked deal is due',
    `insert into trading.due select :paid, ticket, position_id, closed_volume, closed_at, received_at, reason, account_key, client_key, symbol_key,
            group_key, server_key, has_ms from trading.due where deal_key = :due`,
    ['commissions.booked_is_settled'],
  ],
  [
    'a booked deal is parked',
    `insert into trading.parked (deal_key, code, detail) values (:paid, 'trading.symbol_unknown', '')`,
    ['commissions.booked_is_settled'],
  ],
  [
    'a trade was never booked',
    `delete from commissions.bookings where deal_key = :short; delete from commissions.unpaid where deal_key = :short;
     update commissions.batches set trades = trades - 1 where key = 1`,
    ['commissions.none_missing'],
  ],
  [
    'a trade cost more than the budget of its plan',
    `update commissions.bookings set earning_units = earning_units + 1, house_units = house_units + 1 where deal_key = :paid;
     update commissions.rebates set units = units + 1 where deal_key = :paid and kind = 3`,
    ['commissions.within_budget'],
  ],
  [
    'rebates were moved from one IB to another',
    `update commissions.rebates set units = units + case depth when 1 then 5 else -5 end where deal_key = :paid and kind = 1 and depth in (1, 2)`,
    ['commissions.equals_ledger', 'payouts.equals_ledger'],
  ],
  [
    'transfers name a batch that was never booked',
    `update ledger.transfers set reference = 'booking_batch/99' where reference = 'booking_batch/2'`,
    ['commissions.equals_ledger', 'commissions.transfers_have_batch'],
  ],
];

const recomputed: readonly Planted[] = [
  [
    'rebates and ledger were changed alike',
    `update commissions.rebates set units = units + case depth when 1 then 5 else -5 end where deal_key = :late and kind = 1 and depth in (1, 2);
     update ledger.transfers t set units = units + a.more, credit_balance_after = credit_balance_after + a.more,
            debit_balance_after = debit_balance_after + greatest(a.more, 0)
       from (select key, case owner when 3 then 5 else -5 end as more from ledger.accounts where purpose = 'ib_payable' and owner in (2, 3)) a
      where a.key = t.credit_account and t.reference = 'booking_batch/2';
     update ledger.accounts set posted_credits = posted_credits + case owner when 3 then 5 else -5 end where purpose = 'ib_payable' and owner in (2, 3)`,
    ['commissions.recomputes'],
  ],
  [
    'an agreement was rewritten',
    `update commissions.agreements set terms = '[{"rate":"3.25"}]' where ib_key = 4`,
    ['commissions.recomputes'],
  ],
  [
    'a plan was rewritten',
    `update commissions.plan_versions set definition = jsonb_set(definition, '{components,0,traderRebate}', '"20"')`,
    ['commissions.recomputes'],
  ],
  [
    'the time of a position was changed',
    `update commissions.bookings set opened_at = closed_at - interval '59 seconds' where deal_key = :paid`,
    ['commissions.recomputes'],
  ],
];

const tree: readonly Planted[] = [
  [
    'a row of the closure is gone',
    `delete from ib.closure where depth = 2 and descendant_key = 4`,
    ['ib.closure_follows_from_edges'],
  ],
  [
    'an IB is above itself',
    `update ib.edges set parent_key = 4 where child_key = 1`,
    ['ib.closure_follows_from_edges', 'ib.no_cycle'],
  ],
  [
    'an IB has no parent for a day',
    `update ib.edges set valid_from = valid_from + interval '1 day' where child_key = 2 and superseded_at = 'infinity'`,
    ['ib.closure_follows_from_edges', 'ib.one_parent_at_a_time'],
  ],
  [
    'an IB has two statuses at one time',
    `insert into ib.statuses values (1, 'suspended', '2026-01-01', '2026-02-01', now(), 'infinity', ''), (1, 'terminated', '2026-01-15', '2026-03-01', now(), 'infinity', '')`,
    ['ib.validities_do_not_overlap'],
  ],
  [
    'an IB is not above itself at depth 0',
    `delete from ib.closure where depth = 0 and descendant_key = 1`,
    ['ib.closure_follows_from_edges', 'ib.self_row'],
  ],
  [
    'a client belongs to two IBs',
    `insert into ib.client_links (client_key, ib_key, valid_from, valid_to, recorded_at, reason) values (1, 1, '2026-01-01', '2026-02-01', now(), '')`,
    ['ib.one_ib_per_client_at_a_time'],
  ],
];

const feed: readonly Planted[] = [
  [
    'a version of a deal is missing',
    `create temporary table late on commit drop as select * from trading.deals where key = :open;
     update late set key = key + 100, version = 2;
     insert into trading.deals table late;
     update trading.feed_batches set answer = jsonb_set(answer::jsonb, '{parked}', '9')::text`,
    ['trading.versions_without_holes'],
  ],
  [
    'a deal is due and parked at once',
    `insert into trading.parked (deal_key, code, detail) values (:due, 'trading.symbol_unknown', '')`,
    ['trading.due_is_fit'],
  ],
  [
    'a deal that closes nothing is due',
    `update trading.due set deal_key = :open where deal_key = :due`,
    ['trading.due_is_fit', 'commissions.none_missing'],
  ],
  [
    'a deal is parked without a reason',
    `delete from trading.parked where deal_key = :parked`,
    ['trading.parked_has_reason', 'commissions.none_missing'],
  ],
  [
    'a line was refused, and is gone',
    `update trading.feed_batches set answer = jsonb_set(answer::jsonb, '{rejected}', '1')::text`,
    ['trading.answers_stand'],
  ],
  ['deals came of no batch', `delete from trading.feed_batches where key = 2`, ['trading.answers_stand']],
  ['seqs were seen twice', `insert into trading.feed_seqs values (1, 1, 5), (1, 5, 9)`, ['trading.seq_ranges_apart']],
  [
    'a symbol means two things at one time',
    `insert into trading.symbols (server_key, raw_name, symbol, symbol_group, digits, contract_size, pip_size, profit_currency, valid_from, valid_to)
     select server_key, raw_name, 'OTHER', symbol_group, digits, contract_size, pip_size, profit_currency, '2026-01-01', '2026-02-01'
       from trading.symbols where raw_name = 'EURUSD'`,
    ['trading.one_mapping_at_a_time'],
  ],
];

const ledger: readonly Planted[] = [
  [
    'a balance was set',
    `update ledger.accounts set posted_credits = posted_credits + 5 where purpose = 'ib_payable' and owner = 4`,
    [
      'ledger.balance_equals_transfers',
      'ledger.debits_equal_credits',
      'ops.trial_balance_is_zero',
      'payouts.equals_ledger',
    ],
  ],
  [
    'a transfer was deleted',
    `delete from ledger.transfers where key = 1`,
    [
      'commissions.equals_ledger',
      'ledger.balance_equals_transfers',
      'ledger.versions_without_holes',
      'ledger.balance_after_follows',
    ],
  ],
  [
    'a balance after was changed',
    `update ledger.transfers set credit_balance_after = 1 where key = 1`,
    ['ledger.balance_after_follows'],
  ],
  [
    'a transfer has another currency',
    `update ledger.transfers set currency = 'EUR' where key = 1`,
    ['commissions.equals_ledger', 'ledger.one_currency'],
  ],
  [
    'the order of transfers was changed',
    `update ledger.transfers set posted_at = posted_at + interval '1 hour' where key = 1`,
    ['ledger.posted_in_order'],
  ],
  [
    'a transfer ends a hold that is none',
    `update ledger.transfers set kind = 'post_pending', pending_key = 1 where key = 2`,
    ['ledger.balance_equals_transfers', 'ledger.holds_end_once'],
  ],
  [
    'more was paid out than was there',
    `update ledger.transfers set debit_account = credit_account, credit_account = debit_account, debit_version = credit_version, credit_version = debit_version where key = 1`,
    [
      'commissions.equals_ledger',
      'ledger.balance_equals_transfers',
      'ledger.balance_after_follows',
      'ledger.never_overdrawn',
    ],
  ],
];

const events: readonly Planted[] = [
  ['the payload of an event was changed', `update platform.events set payload = '{}' where seq = 3`, ['events.hash']],
  [
    'the hash of an event was changed',
    `update platform.events set hash = sha256('x'::bytea) where seq = 3`,
    ['events.hash', 'events.link'],
  ],
  [
    'an event was deleted',
    `delete from platform.events where seq = 1`,
    ['events.seq', 'events.link', 'events.version'],
  ],
  [
    'an event has the number of another version',
    `update platform.events set version = 7 where seq = 2`,
    ['events.hash', 'events.version'],
  ],
  [
    'the last event was cut off',
    `delete from platform.events where seq = (select max(seq) from platform.events)`,
    ['events.head', 'events.head_outside'],
  ],
  [
    'the last event was cut off and the head set back',
    `delete from platform.events where seq = (select max(seq) from platform.events);
     update platform.event_head set (seq, hash) = (select seq, hash from platform.events order by seq desc limit 1)`,
    ['events.head_outside'],
  ],
];

/** What is planted, by what it is a breach of; some show only where every booking is computed again. */
export const breaches: readonly [of: string, planted: readonly Planted[], options: { readonly recompute?: true }][] = [
  ['bookings', bookings, {}],
  ['bookings that are computed again', recomputed, { recompute: true }],
  ['the tree', tree, {}],
  ['the feed', feed, {}],
  ['the ledger', ledger, {}],
  ['the chain of events', events, {}],
];
