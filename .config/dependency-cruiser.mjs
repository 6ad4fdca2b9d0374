// Which files may import which. The table is complete: an import that is not listed is an error. Type imports count
// too.
import { sliceFolders } from './slice-folders.mjs';

const ours = (...paths) => paths.map(path => `^src/${path}`);
const packages = (...names) => names.map(name => `^node_modules/(@types/)?${name}/`);
const node = { dependencyTypes: ['core'] };

const slice = `(${sliceFolders.join('|')})`;
const database = ours('database/(database|database-error)\\.ts$');
const [sqlParts] = ours('database/sql\\.ts$');
const edges = ours('async/', 'start-error\\.ts$', 'telemetry/');
const [decider] = ours('commands/decider\\.ts$');
const [ids] = ours('ids\\.ts$');
const [money] = ours('money\\.ts$');

/** Targets that files under `src/<from>` may import: paths, packages, Node modules. `$1` is `from`'s first group. */
const may = (from, ...targets) =>
  targets.flat().map(target => ({
    from: { path: `^src/${from}` },
    to: typeof target === 'string' ? { path: target } : target,
  }));

/** Other files may import only the entry of a folder. */
const behindDoor = (folder, entry) => [
  {
    name: `${folder.split('/').at(-1)}-has-one-entry`,
    comment: `Import src/${folder}/${entry}.ts.`,
    severity: 'error',
    from: { pathNot: `^src/${folder}/` },
    to: { path: `^src/${folder}/(?!${entry}\\.ts$)` },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  allowed: [
    // The slices. A slice's domain is pure: no package and no Node module.
    may(`${slice}/domain/`, ours('$1/domain/'), decider, money),
    may(`${slice}/[a-z]+-id\\.ts$`, ids), // ids that are derived from names that people use
    may(`${slice}/decider\\.ts$`, ours('$1/domain/'), decider, money),
    // Its entry in slices.ts. It loads the API only when a schema is built.
    may(`${slice}/slice\\.ts$`, ours('$1/(decider\\.ts$|views/|graphql/schema\\.ts$)', 'graphql/dependencies\\.ts$')),
    may(`${slice}/slice\\.ts$`, ours('projections/(batched-read|read-sources)\\.ts$')),
    may(`${slice}/views/`, ours('$1/(domain|views)/', 'projections/'), money),
    may(
      `${slice}/views/`,
      ours('event-store/(recorded-event|position|read-(history|events-after)|is-of-this-log)\\.ts$'),
      database,
      sqlParts,
    ),
    may(`${slice}/views/`, ours(`${slice}/views/`)), // joined by key, with their current data
    may(`${slice}/graphql/`, ours('$1/', `${slice}/(decider\\.ts$|views/|graphql/)`), ours('async/'), ids, money),
    may(
      `${slice}/graphql/`,
      ours('(graphql|commands|live|projections)/', 'event-store/(position|recorded-event)\\.ts$'),
    ),
    may(`${slice}/graphql/`, packages('graphql', '@pothos/core')),

    // The core, from the command to the frame. It imports no slice, and views never append to the log.
    may('commands/', ours('commands/', 'event-store/'), database, edges, ids, node, packages('lru-cache')),
    may(
      'event-store/',
      ours('event-store/', 'database/(postgres|session-settings)\\.ts$', 'config/postgres-servers\\.ts$'),
      database,
      sqlParts,
      edges,
      node,
    ),
    may('event-store/', packages('lru-cache', 'pg')),
    may('projections/', ours('projections/', 'event-store/', 'database/schema-version\\.ts$'), database, sqlParts),
    may('projections/', edges, node),
    may('projections/', packages('lru-cache')),
    may('operator/', ours('(operator|commands|projections|event-store)/'), database, sqlParts, edges, ids, node),
    may('live/', ours('live/', 'event-store/(recorded-event|unreadable-event|position)\\.ts$'), database, edges, node),
    may('live/', ours('config/redis-settings\\.ts$'), packages('ioredis')),

    // The schema kit, with which a slice writes its API. It imports nothing from the network side.
    may('graphql/', ours('(graphql|commands|operator|live|event-store|projections)/')),
    may('graphql/', edges, ids, money, node, packages('graphql', '@pothos/core')),

    // The network side. It imports no slice, and each of its floors imports only the floors below it.
    may('server/http/', ours('server/(http|transports|execution|limits|authentication|probes)/', 'config\\.ts$')),
    may('server/transports/', ours('server/(transports|execution|limits|authentication)/')),
    may(
      'server/execution/',
      ours('server/(execution|limits)/', 'live/', 'projections/', 'database/database-error\\.ts$'),
    ),
    may('server/execution/', ours('event-store/', 'commands/')),
    may('server/plugins\\.ts$', ours('server/http/exchange\\.ts$'), '^node_modules/'), // the deployment's own
    may('server/limits/', ours('server/limits/', 'live/redis-(client|location)\\.ts$', 'config\\.ts$')),
    may('server/authentication/', ours('server/authentication/', 'config\\.ts$'), packages('jose', 'zod')),
    may('server/', ours('graphql/', 'event-store/position\\.ts$', 'commands/decider\\.ts$'), edges, ids, node),
    may('server/', packages('graphql', 'graphql-yoga', 'graphql-ws', 'ws', 'lru-cache')),
    may('server/probes/', ours('server/probes/', 'server/http/listen\\.ts$', 'config\\.ts$')),
    // What they report is declared where it happens.
    may(
      'server/probes/',
      ours('(commands|event-store|operator)/', 'projections/projector\\.ts$', 'database/pool-use\\.ts$'),
    ),
    may('server/probes/', ours('server/(execution/operation-counts|limits/limit-names)\\.ts$')),
    may('server/probes/', ours('server/(transports/transport-counts|authentication/token-fault)\\.ts$')),
    may('server/probes/', packages('prom-client')),

    // The parts that all others may use.
    may('async/', ours('async/'), node),
    may(
      'telemetry/',
      ours('telemetry/', '(commands|event-store)/', 'async/', 'config\\.ts$', 'database/database-error\\.ts$'),
    ),
    may('telemetry/', node, packages('pino', '@opentelemetry/[a-z-]+')),
    may('database/', ours('database/', 'config(\\.ts$|/postgres-servers\\.ts$)', 'generated/prisma/'), edges, node),
    may('database/', packages('@prisma/(adapter-pg|driver-adapter-utils|schema-engine-wasm)', 'pg')),
    may('database/', packages('@electric-sql/pglite', 'pglite-prisma-adapter')),
    may('config(\\.ts$|/)', ours('config/', 'start-error\\.ts$'), node, packages('zod')),
    may('ids\\.ts$', node, packages('uuid')),
    may('program-version\\.ts$', node),

    // The parts that assemble, start and operate the program.
    may('schema\\.ts$', ours('graphql/', 'slices\\.ts$')),
    may('(app|run-projector)\\.ts$', ours('(?!main\\.ts$|cli/|client/|console/)'), node),
    may('slices\\.ts$', ours(`${slice}/slice\\.ts$`, '(commands|event-store|operator|projections)/')),
    may('development/', ours('(?!app\\.ts$|main\\.ts$|cli/|client/|console/|server/)')),
    may('development/', node, packages('@graphql-yoga/render-graphiql', 'jose')),
    may('main\\.ts$', ours('(app|config|config/setting-typos)\\.ts$', 'cli/command-line\\.ts$'), edges, node),
    may('main\\.ts$', ours('development/(welcome|terminal-style)\\.ts$')),
    may(
      'cli/',
      ours('(?!main\\.ts$|console/)'), // `watch` uses the published client, like front ends
      node,
      packages('hyparquet-writer', 'jose', 'lru-cache', 'ws'),
    ),

    // The console: the published client, and nothing of the server. It runs the same simulation as the command.
    may('console/', ours('(console|client|simulation)/')),
    may('console/', packages('@apollo/client', '@radix-ui/[a-z-]+', '@tanstack/react-virtual', 'graphql')),
    may('console/', packages('oauth4webapi', 'react', 'react-dom', 'uplot', 'vite', 'wouter')),

    // People and what they do, for the command and for the console: no Node module.
    may('simulation/', ours('simulation/', 'async/pause\\.ts$', 'start-error\\.ts$')),

    // The script of the GraphiQL page: our own client, and nothing of the server.
    may('graphiql/', ours('(graphiql|client)/'), packages('graphql-ws')),

    // The published client: nothing of the server.
    may('client/', ours('client/'), packages('@apollo/client', '@urql/core', 'graphql', 'graphql-ws')),
    may('client/', packages('react', 'rxjs', 'wonka')),
  ].flat(),
  allowedSeverity: 'error',
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...behindDoor('server/execution/compiled', 'compile-operation'),
    ...behindDoor('server/execution/frames', 'frame-delivery'),
    {
      name: 'the-executor-imports-nothing-of-ours',
      comment: 'So that another executor (graphql 17, a library) can take its place: types of ours count, too.',
      severity: 'error',
      from: { path: '^src/server/execution/compiled/' },
      to: { path: '^src/', pathNot: '^src/server/execution/compiled/' },
    },
    {
      name: 'appender-is-the-door',
      comment: 'How commands are batched is known to the appender alone.',
      severity: 'error',
      from: { pathNot: '^src/event-store/appender\\.ts$' },
      to: { path: '^src/event-store/(append-pacing|take-call)\\.ts$' },
    },
    {
      name: 'no-dead-files',
      severity: 'error',
      from: { path: '^src/(main|schema|graphiql/page|cli/[^/]+|client/[^/]+|console/main|console/for-server)\\.tsx?$' },
      to: {
        path: '^src/',
        pathNot: '^src/(generated|main|schema|graphiql/page|cli|client|console/(generated|main|for-server))',
        reachable: false,
      },
    },
    {
      name: 'installed-with-us',
      comment:
        'A package that another one happens to install, or that only development installs, is missing in production.',
      severity: 'error',
      // A user of a link has its package: optional peer dependencies. The console is bundled: no package is installed.
      from: { pathNot: '^src/(client|console)/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'npm-optional', 'npm-peer', 'unknown'],
        pathNot: '^node_modules/@types/',
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    webpackConfig: { fileName: '.config/import-aliases.mjs' },
    tsPreCompilationDeps: true,
    exclude: { path: ['^src/client/dist/', '\\.css$'] },
    doNotFollow: { path: ['^node_modules', '^src/(console/)?generated'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
