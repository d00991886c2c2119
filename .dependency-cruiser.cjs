// Who may import whom. docs/ARCHITECTURE.md gives the reasons; test/house/check.spec.ts plants a breach of every rule.
const base = 'kernel|platform|tenancy';
const features =
  'identity|clients|trading|ledger|ib|commissions|payouts|psp|kyc|documents|risk|onboarding|notifications|reports|ops';
const without = (feature) => features.replace(`|${feature}`, '');

/** For each folder of src, the folders below it. */
const may = {
  kernel: 'kernel',
  platform: 'kernel',
  tenancy: 'kernel|platform',
  identity: base,
  ledger: base,
  clients: `${base}|identity`,
  documents: `${base}|identity`,
  notifications: `${base}|identity`,
  trading: `${base}|identity|clients`,
  ib: `${base}|identity|clients`,
  risk: `${base}|identity|clients|documents`,
  kyc: `${base}|identity|clients|documents|risk`,
  commissions: `${base}|identity|clients|ib|trading|ledger|documents`,
  payouts: `${base}|identity|clients|ib|trading|ledger|documents|notifications|commissions`,
  psp: `${base}|identity|clients|trading|ledger|documents|risk|kyc`,
  onboarding: `${base}|identity|clients|ib|documents|risk|kyc|ledger|trading|notifications`,
  reports: `${base}|${without('ops')}`,
  ops: `${base}|${without('reports')}`,
  http: `${base}|${features}`,
};

/** For each package that is at home somewhere, the folders of src that may use it. Tests and the benchmark may use all. */
const homes = {
  knex: 'platform|tenancy',
  pg: 'platform|tenancy',
  express: 'platform|http',
  bullmq: 'platform|ops|main',
  ioredis: 'platform|ops|main',
};
/** And outside src: migrations speak to the database, simulators are HTTP servers. */
const homesOutside = { knex: 'migrations', pg: 'migrations', express: 'simulators' };

const pure = '(rules|machine|types|contract)\\.ts$';
const pureFiles = [
  `^src/[^/]+/${pure}`,
  `^src/[^/]+/[^/]+/${pure}`,
  '^src/commissions/(models|levels|filters|adjusters|periods|naive)/',
];
const npm = (names) => `(^|/)node_modules/(@types/)?(${names})/`;

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from: { path: from }, to });

module.exports = {
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(fixtures|\\.cascade)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
  forbidden: [
    rule('no-cycle', 'Files that need each other cannot be understood, tested or moved one by one.', '.', {
      circular: true,
    }),
    rule('resolvable', 'What is imported must exist, and be named in package.json.', '.', { couldNotResolve: true }),
    rule(
      'declared',
      'A package that only happens to be there because another needs it may vanish.',
      '^(src|migrations|seeds|simulators|bench|test)/',
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    {
      ...rule(
        'runtime-needs-no-tools',
        'What runs in production is a dependency, not a devDependency.',
        '^(src|migrations|seeds|simulators)/',
        { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
      ),
    },
    rule('one-door', 'Another feature is reached through its index.ts.', '^src/([^/]+)/', {
      path: `^src/(${features})/`,
      pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'],
    }),
    rule('one-door-outside', 'So it is from outside src.', '^(seeds|simulators|migrations)/', {
      path: `^src/(${features})/`,
      pathNot: ['^src/[^/]+/index\\.ts$', '/contract\\.ts$'],
    }),
    rule('own-door', 'Inside a feature nobody goes out by the door to come in again.', '^src/([^/]+)/.', {
      path: '^src/$1/index\\.ts$',
    }),
    {
      name: 'no-orphans',
      comment: 'A file that imports nothing and that nothing imports is dead.',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '\\.config\\.ts$', '^test/house/lint-plugin\\.js$'] },
      to: {},
    },
    rule('rules-are-pure', 'Decisions, lifecycles, nouns and contracts have no I/O, clock or randomness.', pureFiles, {
      pathNot: ['^src/kernel/', '^src/platform/access\\.ts$', ...pureFiles, npm('zod|xstate')],
    }),
    rule(
      'naive-stands-alone',
      'A second computation proves something only while it shares no code with the first.',
      '^src/commissions/naive/',
      {
        pathNot: ['^src/commissions/naive/'],
      },
    ),
    rule('adapters-stand-alone', 'An adapter knows its port and its provider.', '^src/(psp|kyc)/adapters/([^/]+)/', {
      pathNot: [
        '^src/(kernel|$1/adapters/$2)/',
        '^src/$1/port\\.ts$',
        npm('zod|stripe|fast-xml-parser'),
        '^(node:)?crypto$',
      ],
    }),
    rule('web-sees-contracts', 'The front end knows the wire, not the server.', '^web/', {
      path: '^src/',
      pathNot: ['^src/kernel/', '/contract\\.ts$'],
    }),
    rule(
      'nobody-imports-main',
      'The composition roots are the top.',
      '^(src/(?!main/)|migrations/|seeds/|simulators/|web/)',
      {
        path: '^src/main/',
      },
    ),
    rule(
      'product-needs-no-tests',
      'What ships runs without tests and benchmark.',
      '^(src|migrations|seeds|simulators|web)/',
      {
        path: '^(test|bench)/',
      },
    ),
    rule('src-stands-alone', 'Only the composition roots bring in demo data and simulators.', '^src/(?!main/)', {
      path: '^(seeds|simulators|web)/',
    }),
    rule('migrations-are-frozen', 'A migration says all it does itself, so that it never changes.', '^migrations/', {
      path: '^(src|seeds|simulators)/',
      pathNot: '^src/kernel/',
    }),
    ...Object.entries(may).map(([folder, below]) =>
      rule(`downhill-${folder}`, `src/${folder} may import ${below.replaceAll('|', ', ')}.`, `^src/${folder}/`, {
        path: '^src/',
        pathNot: `^src/(${folder}|${below})/`,
      }),
    ),
    ...Object.entries(homes).map(([name, home]) =>
      rule(
        `${name}-stays-home`,
        `${name} is used in ${home.replaceAll('|', ', ')} only.`,
        `^(src/(?!(${home})/)|${['migrations', 'seeds', 'simulators', 'web'].filter((folder) => folder !== homesOutside[name]).join('/|')}/)`,
        { path: npm(name) },
      ),
    ),
  ],
};
