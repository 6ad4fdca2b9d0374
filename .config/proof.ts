// npm run proof -- [part…] [--option value]: proofs that take too long for npm test; see docs/proof.md. It writes a
// dated report to proof/. Options are passed to the commands of the named parts.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { type MutationReport, mutationVerdict, type Verdict } from './mutation-verdict.ts';

interface Part {
  /** The claim that the part proves. */
  readonly claim: string;
  readonly command: readonly [string, ...string[]];
  /** A file that the command writes. It is deleted before the run, so that an old report is never used. */
  readonly report?: string;
  /** Judges the report, if the command's exit code is not sufficient. */
  readonly verdict?: (report: string) => Promise<Verdict>;
}

const parts: Readonly<Record<string, Part>> = {
  mutation: {
    claim: 'If the domain or the code that determines stored bytes is changed in any way, a unit test fails.',
    command: ['stryker', 'run', '.config/stryker.config.js'],
    report: 'proof/mutation.json',
    verdict: async report =>
      mutationVerdict(JSON.parse(report) as MutationReport, await readFile('docs/proof.md', 'utf8')),
  },
  plans: {
    claim:
      'At a million orders each query uses an index, and the 1,000th page of a list costs as much as the first one.',
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
    claim: 'During a minute of commands, projectors and rebuilds, each page reflects one point of the log completely.',
    command: [
      'env',
      'HAMMER_SECONDS=60',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      'test/kills/rebuild.test.ts',
      '-t=under commands',
    ],
  },
  checker: {
    claim:
      'If hints are lost and nodes, Redis and connections are killed, 200 subscribers miss nothing and get nothing twice.',
    command: ['tsx', 'test/checker/main.ts'],
  },
  documents: {
    claim:
      'During ten minutes of generated documents and variables, each is admitted or rejected within 50 ms of CPU time.',
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
      'While every view is rebuilt over a million events, clients get no error and no stale data, and subscribers miss nothing. A rebuild that is killed twice resumes.',
    command: ['tsx', 'test/rebuild/main.ts'],
    report: 'proof/rebuild.log',
    verdict: report => Promise.resolve({ passed: true, findings: report.trim() }),
  },
  'redis-away': {
    claim:
      'While Redis is unavailable for a minute, there is no client error and each update arrives within a second. Full speed returns within 2 s.',
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
      'If any process, server or connection is killed, stopped or cut, or a disk is full, no acknowledged event is lost or doubled, /readyz is always correct, and the system recovers within 5 s.',
    command: [
      'env',
      'STRICT_TIMES=1',
      'KILLS=40',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      '--project=kills',
      '--project=faults',
      '--project=cpu',
      '--no-file-parallelism',
    ],
  },
  'slow-readers': {
    claim: 'Sockets that stop reading do not slow down others, and use a limited amount of memory.',
    command: ['tsx', 'test/slow-readers/main.ts'],
  },
  console: {
    claim:
      'In Chromium each page of the console works by mouse and keyboard, breaks no rule of WCAG AA in both themes and widths, asks no other host, and through 20 cuts and a killed node shows what the log says.',
    command: ['vitest', 'run', '--config=.config/vitest.config.ts', '--project=console'],
  },
  boards: {
    claim:
      'In Chromium, on both example boards, no version falls and no card is wrong, double or of another viewer, whatever fails; the boards recover within a second, and queued commands are applied once.',
    command: ['tsx', 'test/boards/main.ts'],
    report: 'proof/boards.md',
    verdict: report => Promise.resolve({ passed: true, findings: report.trim() }),
  },
  export: {
    claim:
      'An export of a million orders that is killed again and again is complete in the end, uses less than 250 MB of memory, and its import has the same events with the same hashes.',
    command: [
      'env',
      'EXPORT_ORDERS=1000000',
      'vitest',
      'run',
      '--config=.config/vitest.config.ts',
      'test/kills/export.test.ts',
    ],
  },
  alerts: {
    claim: 'Each alert that is shipped fires on a live node that was brought into its state, and Prometheus says so.',
    command: ['vitest', 'run', '--config=.config/vitest.config.ts', 'test/faults/alerts.test.ts'],
  },
  runbooks: {
    claim:
      'Backup and restore, a restore to a point in time, failover to a standby, a parked stream and a full disk go as the runbooks say.',
    command: ['vitest', 'run', '--config=.config/vitest.config.ts', 'test/faults/runbooks.test.ts'],
  },
  'planted-faults': {
    claim: 'The checker finds each of nine faults that are planted in the source, within three seeds.',
    command: ['tsx', 'test/checker/planted-faults.ts'],
  },
};

const args = process.argv.slice(2);
const firstOption = args.findIndex(one => one.startsWith('--'));
const names = firstOption < 0 ? args : args.slice(0, firstOption);
const options = firstOption < 0 ? [] : args.slice(firstOption);
if (options.length > 0 && names.length === 0)
  throw new Error(`name the part to which ${options.join(' ')} belongs, before the options`);
const unknown = names.filter(name => !(name in parts));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);

await mkdir('proof', { recursive: true });
const startedAt = new Date().toISOString();
const file = `proof/${startedAt.slice(0, 16).replaceAll(':', '')}Z.md`;
const lines = [`# Proof of ${startedAt}`, '', await commit(), '', machine(), ''];
for (const [name, { command: always, ...rest }] of Object.entries(parts)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const part: Part = { ...rest, command: [...always, ...options] };
  console.log(`… ${name}: ${part.command.join(' ')} (its output: proof/${name}.log)`);
  const start = performance.now();
  const { passed, findings } = await outcomeOf(name, part);
  const duration = `${Math.round((performance.now() - start) / 1000)} s`;
  const result = passed ? 'passed' : 'FAILED';
  console.log(`${result} ${name} (${duration})\n${findings}\n`);
  lines.push(
    `## ${name}: ${result}`,
    '',
    part.claim,
    '',
    `\`${part.command.join(' ')}\`, ${duration}.`,
    '',
    findings,
    '',
  );
  // Written after each part, so that an interrupted run keeps its results.
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

/** @returns the exit code, or the signal that ended the command */
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
