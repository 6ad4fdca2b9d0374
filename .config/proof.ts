// npm run proof -- [part…] [--option value]: what is too long for npm test; see docs/proof.md. Leaves a dated report in
// proof/. Options go to the commands of the parts asked for.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { type MutationReport, mutationVerdict, type Verdict } from './mutation-verdict.ts';

interface Part {
  /** What it proves. */
  readonly claim: string;
  readonly command: readonly [string, ...string[]];
  /** A file that the command writes, and that none of an earlier run may stand in for. */
  readonly report?: string;
  /** Where the command's own exit code is not all. */
  readonly verdict?: (report: string) => Promise<Verdict>;
}

const parts: Readonly<Record<string, Part>> = {
  mutation: {
    claim: 'Whatever is changed in the business or in what stored bytes rest on, a unit test fails.',
    command: ['stryker', 'run', '.config/stryker.config.js'],
    report: 'proof/mutation.json',
    verdict: async report =>
      mutationVerdict(JSON.parse(report) as MutationReport, await readFile('docs/proof.md', 'utf8')),
  },
  plans: {
    claim: 'At a million orders each query has an index, and the 1,000th page of a list costs what the first one does.',
    command: [
      'env',
      'PLANS_ORDERS=1000000',
      'PLANS_REPORT=proof/plans.md',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      'test/integration/plans.test.ts',
    ],
    report: 'proof/plans.md',
    verdict: report => Promise.resolve({ passed: true, findings: report }),
  },
  hammer: {
    claim:
      'For a minute of commands, projectors and rebuilds, each page is of one point of the log, with all that it has.',
    command: [
      'env',
      'HAMMER_SECONDS=60',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      'test/integration/rebuild.test.ts',
      '-t=under commands',
    ],
  },
  checker: {
    claim:
      'With hints lost and nodes, Redis and connections killed, 200 subscribers miss nothing and get nothing twice.',
    command: ['tsx', 'test/checker/main.ts'],
  },
  documents: {
    claim: 'For ten minutes of generated documents and variables, each is admitted or refused within 50 ms of CPU.',
    command: [
      'env',
      'DOCUMENTS_SECONDS=600',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      'test/faults/generated-documents.test.ts',
    ],
  },
  rebuild: {
    claim:
      'While every view is rebuilt over a million events, clients meet no error and nothing stale, and subscribers miss nothing; killed twice it goes on where it was.',
    command: ['tsx', 'test/rebuild/main.ts'],
    report: 'proof/rebuild.log',
    verdict: report => Promise.resolve({ passed: true, findings: report.trim() }),
  },
  'redis-away': {
    claim:
      'Redis away for a minute: no client error, each update within a second, full speed within 2 s of its return.',
    command: [
      'env',
      'REDIS_AWAY=60',
      'STRICT_TIMES=1',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      'test/faults/redis-away.test.ts',
    ],
  },
  faults: {
    claim:
      'Whatever is killed, stopped, cut or filled: nothing acknowledged is lost or doubled, /readyz is true throughout, and all is well within 5 s.',
    command: [
      'env',
      'STRICT_TIMES=1',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      '--project=faults',
      '--project=kills',
    ],
  },
  'slow-readers': {
    claim: 'Sockets that stop reading cost the others nothing, and the process a bounded amount of memory.',
    command: ['tsx', 'test/slow-readers/main.ts'],
  },
  'planted-faults': {
    claim: 'The checker finds each of nine faults that are planted in the source, within three seeds.',
    command: ['tsx', 'test/checker/planted-faults.ts'],
  },
};

const given = process.argv.slice(2);
const firstOption = given.findIndex(one => one.startsWith('--'));
const asked = firstOption < 0 ? given : given.slice(0, firstOption);
const options = firstOption < 0 ? [] : given.slice(firstOption);
if (options.length > 0 && asked.length === 0)
  throw new Error(`whose are ${options.join(' ')}? Name a part before them`);
const unknown = asked.filter(name => !(name in parts));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);

await mkdir('proof', { recursive: true });
const when = new Date().toISOString();
const file = `proof/${when.slice(0, 16).replaceAll(':', '')}Z.md`;
const lines = [`# Proof of ${when}`, '', await commit(), '', machine(), ''];
for (const [name, { command: always, ...rest }] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const part: Part = { ...rest, command: [...always, ...options] };
  console.log(`… ${name}: ${part.command.join(' ')} (its output: proof/${name}.log)`);
  const start = performance.now();
  const { passed, findings } = await outcomeOf(name, part);
  const took = `${Math.round((performance.now() - start) / 1000)} s`;
  const result = passed ? 'passed' : 'FAILED';
  console.log(`${result} ${name} (${took})\n${findings}\n`);
  lines.push(`## ${name}: ${result}`, '', part.claim, '', `\`${part.command.join(' ')}\`, ${took}.`, '', findings, '');
  // Written after each part: a run that is cut off has shown what it has shown.
  await writeFile(file, lines.join('\n'));
  if (!passed) process.exitCode = 1;
}
console.log(file);

async function outcomeOf(name: string, { command, report, verdict }: Part): Promise<Verdict> {
  if (report !== undefined) await rm(report, { force: true });
  const code = await run(name, command);
  if (code !== 0) return { passed: false, findings: `It ended with ${code}: see proof/${name}.log.` };
  return report === undefined || verdict === undefined
    ? { passed: true, findings: '' }
    : verdict(await readFile(report, 'utf8'));
}

/** The exit code, or the signal that ended it. */
function run(name: string, [program, ...args]: Part['command']): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    const log = createWriteStream(`proof/${name}.log`);
    for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      log.end(() => resolve(code ?? signal ?? 'no exit code'));
    });
  });
}

async function commit(): Promise<string> {
  const git = (...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      const child = spawn('git', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.on('error', reject);
      child.on('close', () => resolve(output.trim()));
    });
  const changed = (await git('status', '--porcelain')) === '' ? '' : ', with changes that are not committed';
  return `Commit ${await git('rev-parse', 'HEAD')}${changed}.`;
}

function machine(): string {
  const load = (loadavg()[0] ?? 0).toFixed(2);
  return `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, load ${load} at the start.`;
}
