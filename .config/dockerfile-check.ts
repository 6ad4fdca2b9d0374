// npm run check:dockerfile: does what `docker build` and `docker run` do, for machines without a container engine. It
// executes the Dockerfile's COPY and RUN lines in empty folders, and then starts the content of the last stage, as
// its user, with a PostgreSQL. It uses this machine's Node and system, not those of the image: FROM is not checked.
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Child, printed, startChild, stopChild } from '../test/support/child.ts';
import { onFreePort } from '../test/support/free-port.ts';
import { startPostgres } from '../test/support/private-postgres.ts';

interface Stage {
  /** The folder that is used as `/`. */
  readonly root: string;
  readonly env: Record<string, string>;
  workdir: string;
  user: string;
  command: readonly string[];
  healthcheck: readonly string[];
}

/** Development tools alone would be more than that. */
const maxPackagesMegabytes = 130;

const context = resolve(import.meta.dirname, '..');
const scratch = await mkdtemp(join(tmpdir(), 'orderstream-image-'));
await chmod(scratch, 0o755); // another user will run its content
try {
  const image = await build();
  await runImage(image);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function build(): Promise<Stage> {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const { word, rest } of instructions(await readFile(join(context, 'Dockerfile'), 'utf8'))) {
    if (word === 'FROM') {
      const [, name = 'last'] = / AS (\S+)$/.exec(rest) ?? [];
      const root = join(scratch, name);
      stage = { root, env: {}, workdir: '/', user: '', command: [], healthcheck: [] };
      stages.set(name, stage);
      await mkdir(root);
      continue;
    }
    if (stage === undefined) throw new Error(`${word} before FROM`);
    await carryOut(stage, word, rest, stages);
  }
  if (stage === undefined) throw new Error('no stage');
  return stage;
}

function instructions(text: string): { word: string; rest: string }[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.flatMap(line => {
    const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (word === '' && line.trim() !== '') throw new Error(`unknown syntax: ${line}`);
    return word === '' ? [] : [{ word, rest }];
  });
}

async function carryOut(stage: Stage, word: string, rest: string, stages: Map<string, Stage>): Promise<void> {
  switch (word) {
    case 'WORKDIR':
      stage.workdir = rest;
      await mkdir(join(stage.root, rest), { recursive: true });
      return;
    case 'ENV':
      for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
      return;
    case 'COPY':
      return copy(stage, rest.split(' '), stages);
    case 'RUN':
      console.log(`+ ${rest}`);
      return run(stage, rest);
    case 'USER':
      stage.user = rest;
      return;
    case 'EXPOSE':
      return;
    case 'CMD':
      stage.command = JSON.parse(rest) as string[];
      return;
    case 'HEALTHCHECK':
      stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4)) as string[];
      return;
    default:
      throw new Error(`${word} is not supported yet: add it to ${basename(import.meta.filename)}`);
  }
}

async function copy(stage: Stage, words: readonly string[], stages: Map<string, Stage>): Promise<void> {
  const from = words.find(word => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter(word => !word.startsWith('--'));
  const into = paths.at(-1) ?? '';
  const other = from === undefined ? undefined : stages.get(from);
  if (from !== undefined && other === undefined) throw new Error(`no stage ${from}`);
  const source = other?.root ?? context;
  const isIgnored = other ? () => false : await ignored();
  for (const path of paths.slice(0, -1)) {
    const what = join(source, path);
    const isFolder = (await stat(what)).isDirectory();
    // COPY copies the contents of a folder, not the folder itself.
    const target = join(stage.root, stage.workdir, into, isFolder || !into.endsWith('/') ? '' : basename(path));
    await cp(what, target, {
      recursive: true,
      verbatimSymlinks: true,
      filter: file => !isIgnored(file.slice(source.length + 1)),
    });
  }
}

/**
 * Applies .dockerignore: the last matching line decides, and a folder is kept if a later line may include a file in
 * it.
 */
async function ignored(): Promise<(path: string) => boolean> {
  const lines = (await readFile(join(context, '.dockerignore'), 'utf8')).split('\n');
  const rules = lines
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => ({ takesIn: line.startsWith('!'), pattern: line.replace('!', '') }));
  if (rules.some(({ pattern }) => pattern !== '*' && /[*?[]/.test(pattern))) throw new Error('only plain paths and *');
  const covers = (pattern: string, path: string) => pattern === '*' || `${path}/`.startsWith(`${pattern}/`);
  return path => {
    if (path === '' || rules.some(({ takesIn, pattern }) => takesIn && pattern.startsWith(`${path}/`))) return false;
    return rules.findLast(({ pattern }) => covers(pattern, path))?.takesIn === false;
  };
}

async function run(stage: Stage, command: string): Promise<void> {
  const child = startChild('bash', ['-euo', 'pipefail', '-c', command], {
    cwd: join(stage.root, stage.workdir),
    env: { ...ofThisMachine(), ...stage.env },
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`exit code ${code}\n${child.stdout()}\n${child.stderr()}`);
}

/**
 * Variables that find programs and packages on this machine. This checkout's tools are removed: they would hide tools
 * that the image lacks.
 */
function ofThisMachine(): NodeJS.ProcessEnv {
  const path = process.env['PATH']?.split(':').filter(folder => !folder.includes('node_modules'));
  const proxies = Object.entries(process.env).filter(([name]) => /^(HOME|\w+_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name));
  return { ...Object.fromEntries(proxies), PATH: path?.join(':') };
}

async function runImage(image: Stage): Promise<void> {
  const configured = {
    AUTH_JWT_SECRET: 'a secret of the check, 32 bytes and more',
    AUTH_ISSUER: 'https://login.example.com',
    AUTH_AUDIENCE: 'orderstream',
  };
  const refused = start(image, image.command, {});
  const { code } = await refused.exited;
  if (code === 0 || !refused.stderr().includes('AUTH_JWT_SECRET')) throw new Error('it starts without a configuration');

  const postgres = await startPostgres();
  try {
    // As in docker-compose.yml: production refuses to serve as the owner.
    const owner = { DATABASE_MIGRATE_URL: postgres.url };
    const env = {
      ...configured,
      DATABASE_URL: postgres.url.replace('postgres@', 'serving@'),
      HOST: '127.0.0.1',
      REDIS_URL: '',
    };
    await succeeded(start(image, ['node', 'dist/cli/migrate.js'], { ...env, ...owner }));
    const serve = async (port: number): Promise<Child> => {
      const child = start(image, image.command, { ...env, PORT: `${port}` });
      await printed(child, /^Orderstream is ready at /m, 20_000);
      return child;
    };
    const { port, opened: app } = await onFreePort(serve, /is taken/);
    const PORT = `${port}`;
    await succeeded(start(image, image.healthcheck, { PORT }));
    const answer = await fetch(`http://127.0.0.1:${port}/graphql?query={__typename}`);
    if (!answer.ok) throw new Error(`it responds with ${answer.status}: ${await answer.text()}`);

    await stopChild(app);
    await succeeded(app);
    if ((await start(image, image.healthcheck, { PORT }).exited).code === 0)
      throw new Error('the health check succeeds without a server');
  } finally {
    await postgres.remove();
  }
  const [all, packages] = [
    await megabytesIn(image.root),
    await megabytesIn(join(image.root, image.workdir, 'node_modules')),
  ];
  console.log(
    `the image builds, starts, answers and stops; without Node it has ${all} MB, ${packages} MB of them packages`,
  );
  if (packages > maxPackagesMegabytes) {
    throw new Error(
      `the packages have ${packages} MB, more than ${maxPackagesMegabytes} MB: which ones does production not need?`,
    );
  }
}

async function megabytesIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files.filter(file => file.isFile()).map(async file => (await stat(join(file.parentPath, file.name))).size),
  );
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
}

/**
 * Starts a command as a container does: with the image's environment and the given one, and as the image's user if
 * this process is root.
 */
function start({ root, workdir, env, user }: Stage, [command = '', ...args]: readonly string[], given: object): Child {
  const [uid, gid] = user.split(':').map(Number);
  if (!uid || !gid) throw new Error(`USER ${user}: it must be numeric and not root`);
  return startChild(command, args, {
    cwd: join(root, workdir),
    env: { PATH: ofThisMachine()['PATH'], ...env, ...given },
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  });
}

async function succeeded(child: Child): Promise<void> {
  const { code, signal } = await child.exited;
  if (code !== 0) throw new Error(`exit code ${code ?? signal}\n${child.stdout()}\n${child.stderr()}`);
}
