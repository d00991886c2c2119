/** The chapters of the description, in the order in which they are read. */
export const tags: readonly { readonly name: string; readonly description: string }[] = [
  { name: 'Signing in', description: 'Registering, signing in and out, sessions, devices and passwords.' },
  { name: 'Second factors', description: 'Authenticator apps, recovery codes and passkeys of whoever is signed in.' },
  { name: 'Staff', description: 'The people who work for a broker: invitations, roles, desks, suspensions.' },
  { name: 'Users', description: 'Looking through somebody’s eyes, to help him.' },
  { name: 'API keys', description: 'Keys of programs, each for some scopes only.' },
  { name: 'Clients', description: 'People and companies that trade, and their trading accounts.' },
  { name: 'Introducing brokers', description: 'The tree of introducing brokers, as of now or any other time.' },
  { name: 'Plans', description: 'What trades earn and who gets which part; a published version never changes.' },
  { name: 'Trades', description: 'Closed trades, and the explanation of each rebate to the last decimal.' },
  {
    name: 'Corrections',
    description:
      'Trades that are run again by other terms, and what a chargeback takes back: seen first, then agreed to.',
  },
  {
    name: 'Awards',
    description: 'What is earned by no single trade: CPA, shares of a period, decisions; and what clients cost.',
  },
  { name: 'Payouts', description: 'What is paid out: runs that two people agree to, and what came to whose wallet.' },
  { name: 'Closings', description: 'Periods of the whole tenant in which nothing takes effect any more.' },
  {
    name: 'Disputes',
    description: 'Lines of its earnings that an introducing broker disputes, and what became of that.',
  },
  {
    name: 'Statements',
    description: 'When statements are made, what became of what was earned, and statements: signed, chained, verified.',
  },
  { name: 'Ledger', description: 'The books: accounts, entries, the trial balance, adjustments.' },
  { name: 'Trading', description: 'Sources of the feed, and deals that wait for somebody.' },
  { name: 'Approvals', description: 'What one person asks for and another must agree to.' },
  {
    name: 'Tasks',
    description: 'Work that takes longer than an answer may: how far it is, what came of it, its files.',
  },
  {
    name: 'Audit',
    description: 'What was done, by whom, when and because of which request; with the hashes that prove it.',
  },
  { name: 'Events', description: 'What happens now, for screens: an open stream of small notes.' },
  { name: 'Platform entries', description: 'Who of the platform’s staff was let in, why and until when.' },
  { name: 'Feed', description: 'What platform servers send: executions, signed with the secret of their source.' },
  { name: 'Tenants', description: 'Brokers on this installation: making, migrating, suspending, exporting them.' },
  { name: 'Operators', description: 'The people who run the installation.' },
  { name: 'Installation', description: 'Whether the installation runs, its figures and its pages.' },
  { name: 'Description', description: 'This description, for programs and for people.' },
];
