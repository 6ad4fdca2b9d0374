import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder in which a run keeps what its programs log, and what must not stand there; see global-setup.ts. */
const variable = 'ORDERSTREAM_RUN_LOG';

/** Password of each test's database, which the tests' servers ask nobody for: recognisable wherever it turns up. */
export const canaryPassword = 'canary-password-of-the-tests';

/** Nothing is kept outside of a run with a global set-up. */
export function runLogFolder(): string | undefined {
  return process.env[variable];
}

export function setRunLogFolder(folder: string | undefined): void {
  if (folder === undefined) Reflect.deleteProperty(process.env, variable);
  else process.env[variable] = folder;
}

/** Where the programs that are started inside this process log. */
export function runLogFile(): string | undefined {
  const folder = runLogFolder();
  return folder && join(folder, `${process.pid}.log`);
}

/** Keeps what a process of its own has logged. Its standard output is its log only where that is JSON: the rest is for people. */
export function keepLog(pid: number, output: { readonly stdout: string; readonly stderr: string }): void {
  const folder = runLogFolder();
  if (folder === undefined) return;
  const logged = output.stdout.split('\n').filter(line => line.startsWith('{'));
  appendFileSync(join(folder, `child-${pid}.log`), [...logged, ...output.stderr.split('\n')].join('\n') + '\n');
}

/** What was noted before, each as the path that it would have as a file. */
const noted = new Set<string>();

/** Notes what a test calls somebody, and what only they may know, so that the run's log is searched for it. */
export function noteSecret(text: string): void {
  const folder = runLogFolder();
  if (folder === undefined || noted.has(join(folder, text)) || !isRecognisable(text)) return;
  noted.add(join(folder, text));
  appendFileSync(join(folder, `${process.pid}.secrets`), `${JSON.stringify(text)}\n`);
}

/** A word that any sentence may have tells nothing about where it comes from. */
function isRecognisable(text: string): boolean {
  return text.length >= 6 && text.length <= 500 && (/[\s@]/.test(text.trim()) || /.[A-Z0-9]/.test(text));
}

/** Members of inputs that are somebody's: sealed in the log of events, and never logged. */
const personal = ['name', 'email', 'reference', 'reason', 'trackingNumber', 'search'];
const inDocument = new RegExp(String.raw`\b(?:${personal.join('|')}):\s*("(?:[^"\\]|\\.)*")`, 'g');

/** Notes what an operation says of people, in its variables and in its text. */
export function noteOperation(document: string, variables: unknown): void {
  if (runLogFolder() === undefined) return;
  for (const [, quoted = '""'] of document.matchAll(inDocument)) {
    try {
      noteSecret(JSON.parse(quoted) as string);
    } catch {
      // What JSON has no word for, as GraphQL's block strings, is too odd to be recognised.
    }
  }
  noteMembers(variables);
}

function noteMembers(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && personal.includes(name)) noteSecret(member);
    else noteMembers(member);
  }
}

/** What stands in URLs and secrets of a program's environment. */
export function noteEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value = ''] of Object.entries(env)) {
    if (/SECRET/.test(name)) noteSecret(value);
    else if (URL.canParse(value)) noteSecret(decodeURIComponent(new URL(value).password));
  }
}

/** What was kept: lines by file, and all that was noted. */
export interface RunLog {
  readonly files: readonly { readonly name: string; readonly lines: readonly string[] }[];
  readonly secrets: readonly string[];
}

export function readRunLog(folder: string): RunLog {
  const names = readdirSync(folder);
  const linesOf = (name: string): string[] => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean);
  const secrets = names.filter(name => name.endsWith('.secrets')).flatMap(linesOf);
  return {
    files: names.filter(name => name.endsWith('.log')).map(name => ({ name, lines: linesOf(name) })),
    secrets: [...new Set(secrets.map(line => JSON.parse(line) as string))],
  };
}

/** What no log line may have, whosoever it is. */
const shapes: Readonly<Record<string, RegExp>> = {
  'a token': /\beyJ[\w-]{8,}\.[\w-]+/,
  'a bearer': /\bbearer (?!\[Redacted\])[\w.~+/=-]{6,}/i,
  'an e-mail address': /[\w.+-]+@(?:[a-z\d-]+\.)+[a-z]{2,}\b/i,
  'a key': /"[\w+/]{43}="/,
  'a password in a URL': /:\/\/[^\s:/?#@"\\]*:(?!\[Redacted\]@)[^\s/@"\\]+@/,
};

export interface Finding {
  readonly what: string;
  readonly file: string;
  readonly line: string;
}

/** Each line that says something of somebody. */
export function findingsIn({ files, secrets }: RunLog): Finding[] {
  // As a line of JSON has them.
  const escaped = secrets.map(text =>
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
  );
  const noted = escaped.length > 0 ? new RegExp(escaped.join('|')) : undefined;
  return files.flatMap(({ name, lines }) =>
    lines.flatMap(line => {
      const [shape] = Object.entries(shapes).find(([, pattern]) => pattern.test(line)) ?? [];
      const what = shape ?? (noted?.test(line) ? 'a name or another secret of a test' : undefined);
      return what === undefined ? [] : [{ what, file: name, line }];
    }),
  );
}
