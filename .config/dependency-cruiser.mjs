// Who may import whom. The table is total: an import that is not listed is an error. Types count like values.
const ours = (...paths) => paths.map(path => `^src/${path}`);
const packages = (...names) => names.map(name => `^node_modules/(@types/)?${name}/`);
const node = { dependencyTypes: ['core'] };

const slice = '(order|customer|product)';
const database = ours('database\\.ts$', 'database-error\\.ts$', 'generated/prisma/');
const edges = ours('(closers|logger|now-or-later|start-error|tracing)\\.ts$');
const [decider] = ours('commands/decider\\.ts$');
const [ids] = ours('ids\\.ts$');
const [money] = ours('money\\.ts$');

/** What files under `src/<from>` may import: paths, packages, Node's own modules. `$1` is the first group of `from`. */
const may = (from, ...targets) =>
  targets.flat().map(target => ({
    from: { path: `^src/${from}` },
    to: typeof target === 'string' ? { path: target } : target,
  }));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  allowed: [
    // The business. A slice's domain is pure: no package, nothing of Node.
    may(`${slice}/domain/`, ours('$1/domain/'), decider, money),
    may(`${slice}/[a-z]+-id\\.ts$`, ids), // ids that are derived of what people call the thing
    may(`${slice}/decider\\.ts$`, ours('$1/domain/'), decider, money),
    may(`${slice}/views/`, ours('$1/(domain|views)/', 'projections/'), money),
    may(
      `${slice}/views/`,
      ours('event-store/(recorded-event|position|read-(history|events-after)|is-of-this-log)\\.ts$'),
      database,
    ),
    may('order/views/', ours('(customer|product)/views/')), // joined by key, as they are now
    may(`${slice}/graphql/`, ours('$1/', `${slice}/(decider\\.ts$|views/|graphql/)`, 'now-or-later\\.ts$'), ids, money),
    may(
      `${slice}/graphql/`,
      ours('(graphql|commands|live|projections)/', 'event-store/(position|recorded-event)\\.ts$'),
    ),
    may(`${slice}/graphql/`, packages('graphql', '@pothos/core')),

    // The legs of the journey. They import no slice, and views never reach append.
    may('commands/', ours('commands/', 'event-store/'), database, edges, ids, node, packages('lru-cache')),
    may('event-store/', ours('event-store/', 'postgres\\.ts$'), database, edges, node, packages('lru-cache', 'pg')),
    may(
      'projections/',
      ours('projections/', 'event-store/', 'schema-version\\.ts$'),
      database,
      edges,
      node,
      packages('lru-cache'),
    ),
    may(
      'live/',
      ours('live/', 'event-store/(recorded-event|unreadable-event|position)\\.ts$'),
      database,
      edges,
      node,
      packages('ioredis'),
    ),
    may('graphql/', ours('(graphql|commands|live|event-store|projections)/', '(config|rejection-reasons)\\.ts$')),
    may('graphql/', database, edges, ids, money, node, ours('generated/graphiql-script\\.ts$')),
    may('graphql/', packages('graphql', 'graphql-yoga', '@graphql-yoga/render-graphiql', '@pothos/core')),
    may('graphql/', packages('graphql-ws', 'ws', 'jose', 'lru-cache', 'zod')),

    // What they stand on.
    may('config\\.ts$', ours('(misspelt-keys|start-error)\\.ts$'), node, packages('zod')),
    may(
      '(metrics|tracing)\\.ts$',
      ours('(commands|event-store)/', 'in-time\\.ts$'),
      node,
      packages('prom-client', '@opentelemetry/[a-z-]+'),
    ),
    may('readiness\\.ts$', ours('graphql/probes\\.ts$', 'projections/lag\\.ts$', 'in-time\\.ts$')),
    may('logger\\.ts$', ours('(config|database-error)\\.ts$'), packages('pino')),
    may('ids\\.ts$', node),
    may('database\\.ts$', ours('(config|data-directory|embedded-database|(pending-)?migrations|postgres)\\.ts$')),
    may('(pending-)?migrations\\.ts$', ours('(pending-migrations|postgres|schema-engine|schema-version)\\.ts$')),
    may(
      '(database|data-directory|embedded-database|(pending-)?migrations|postgres|schema-engine)\\.ts$',
      database,
      edges,
      node,
    ),
    may('(embedded-database|postgres)\\.ts$', ours('session-settings\\.ts$')),
    may('(schema-version|terminal-style)\\.ts$', node),
    may(
      '(database|embedded-database|migrations|postgres|schema-engine)\\.ts$',
      packages('@prisma/(adapter-pg|driver-adapter-utils|schema-engine-wasm)', 'pg'),
      packages('@electric-sql/pglite', 'pglite-prisma-adapter'),
    ),

    // What puts them together, starts them, operates them.
    may('schema\\.ts$', ours('graphql/', `${slice}/graphql/`)),
    may('app\\.ts$', ours('(?!main\\.ts$|cli/|client/)')),
    may('(slices|seed|erase-customer|graphiql-page|welcome)\\.ts$', ours('(?!app\\.ts$|main\\.ts$|cli/|client/)')),
    may('main\\.ts$', ours('(app|config|terminal-style|welcome|cli/command-line)\\.ts$'), edges, node),
    may(
      'cli/',
      ours('(?!main\\.ts$)'), // `watch` is a client, as others write one
      node,
      packages('cli-progress', 'commander', 'csv-parse', 'jose', 'lru-cache', 'ws'),
    ),

    // What runs in GraphiQL's page: our own client, nothing of the server.
    may('graphiql/', ours('(graphiql|client)/'), packages('graphql-ws')),

    // What is published for clients: nothing of the server.
    may('client/', ours('client/'), packages('@apollo/client', '@urql/core', 'graphql-ws', 'rxjs', 'wonka')),
  ].flat(),
  allowedSeverity: 'error',
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dead-files',
      severity: 'error',
      from: { path: '^src/(main|schema|graphiql/page|cli/[^/]+|client/[^/]+)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(generated|main|schema|graphiql/page|cli|client)', reachable: false },
    },
    {
      name: 'installed-with-us',
      comment: 'A package that is there by chance, or in development only, is missing in production.',
      severity: 'error',
      from: { pathNot: '^src/client/' }, // what a link is for is there where it is used: optional peers
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'npm-optional', 'npm-peer', 'unknown'],
        pathNot: '^node_modules/@types/',
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['^node_modules', '^src/generated'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
