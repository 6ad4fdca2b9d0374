// npm run check: all checks that need no database, two at a time. `npm run check -- lint types` runs only these two.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { foreignLicences, type Lockfile } from './licences.ts';
import { mayBreak, schemaChanges } from './schema-changes.ts';
import { undescribed } from './undescribed.ts';

interface Outcome {
  readonly passed: boolean;
  readonly output: string;
}

function run(command: string, ...args: string[]): () => Promise<Outcome> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, FORCE_COLOR: '0' },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      }
      child.on('error', reject);
      child.on('close', code => resolve({ passed: code === 0, output }));
    });
}

/** Checks the stored schema.graphql; the part `schema` checks that it matches the code. */
async function descriptions(): Promise<Outcome> {
  const missing = undescribed(buildSchema(await readFile('schema.graphql', 'utf8')));
  return {
    passed: missing.length === 0,
    output: missing.map(coordinate => `${coordinate} has no description\n`).join(''),
  };
}

async function licences(): Promise<Outcome> {
  const foreign = foreignLicences(JSON.parse(await readFile('package-lock.json', 'utf8')) as Lockfile);
  return { passed: foreign.length === 0, output: foreign.join('\n') };
}

/** Compares schema.graphql with that of the last release: a tag `v1.2.3` in the history of this commit. */
async function released(): Promise<Outcome> {
  const tag = await run('git', 'describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*')();
  if (!tag.passed) return { passed: true, output: '' }; // nothing was released yet, or this is no clone
  const name = tag.output.trim();
  const before = await run('git', 'show', `${name}:schema.graphql`)();
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const { breaking } = schemaChanges(before.output, await readFile('schema.graphql', 'utf8'));
  return {
    passed: breaking.length === 0 || mayBreak(name.slice(1), version),
    output: breaking.map(change => `since ${name}: ${change}\n`).join(''),
  };
}

// The longest part first, so that both workers end at about the same time.
const parts: Record<string, () => Promise<Outcome>> = {
  lint: run('eslint', '-c', '.config/eslint.config.js', '--max-warnings', '0', '.'),
  types: run('tsc', '-p', '.'),
  'console-types': run('tsc', '-p', 'src/console'),
  format: run('prettier', '--check', '--log-level', 'warn', '.'),
  imports: run('depcruise', '-c', '.config/dependency-cruiser.mjs', 'src'),
  schema: run('tsx', 'codegen.ts', '--check'),
  prisma: run('prisma', 'validate'),
  'prisma-format': run('prisma', 'format', '--check'),
  descriptions,
  licences,
  released,
};

const names = process.argv.slice(2);
const unknown = names.filter(name => !(name in parts));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);

const pending = Object.entries(parts).filter(([name]) => names.length === 0 || names.includes(name));
async function worker(): Promise<void> {
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [name, part] = next;
    const start = performance.now();
    const { passed, output } = await part().catch((error: unknown) => ({ passed: false, output: String(error) }));
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    if (passed) continue;
    console.log(output.trimEnd());
    process.exitCode = 1;
  }
}
await Promise.all([worker(), worker()]);
