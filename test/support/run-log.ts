import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder with the logs of a run's programs, and with the texts that must not occur in them; see global-setup.ts.
 */
const variable = 'ORDERSTREAM_RUN_LOG';

/** Password in each test database's URL. The tests' servers do not check it; it is easy to recognise in a log. */
export const canaryPassword = 'canary-password-of-the-tests';

/** Nothing is recorded without a run with the global set-up. */
export function runLogFolder(): string | undefined {
  return process.env[variable];
}

export function setRunLogFolder(folder: string | undefined): void {
  if (folder === undefined) Reflect.deleteProperty(process.env, variable);
  else process.env[variable] = folder;
}

/** The log file of programs that run inside this process. */
export function runLogFile(): string | undefined {
  const folder = runLogFolder();
  return folder && join(folder, `${process.pid}.log`);
}

/** Records the log of a child process. Its standard output is a log only if it is JSON: the rest is for people. */
export function keepLog(pid: number, output: { readonly stdout: string; readonly stderr: string }): void {
  const folder = runLogFolder();
  if (folder === undefined) return;
  const logged = output.stdout.split('\n').filter(line => line.startsWith('{'));
  appendFileSync(join(folder, `child-${pid}.log`), [...logged, ...output.stderr.split('\n')].join('\n') + '\n');
}

/** Texts that were noted before, each as the path of its file. */
const noted = new Set<string>();

/** Notes personal data and secrets of a test, so that the run's log is searched for them. */
export function noteSecret(text: string): void {
  const folder = runLogFolder();
  if (folder === undefined || noted.has(join(folder, text)) || !isRecognisable(text)) return;
  noted.add(join(folder, text));
  appendFileSync(join(folder, `${process.pid}.secrets`), `${JSON.stringify(text)}\n`);
}

/** A common word proves nothing about its origin. */
function isRecognisable(text: string): boolean {
  return text.length >= 6 && text.length <= 500 && (/[\s@]/.test(text.trim()) || /.[A-Z0-9]/.test(text));
}

/** Input fields with personal data: sealed in the log of events, and never logged. */
const personal = ['name', 'email', 'reference', 'reason', 'trackingNumber', 'search'];
const inDocument = new RegExp(String.raw`\b(?:${personal.join('|')}):\s*("(?:[^"\\]|\\.)*")`, 'g');

/** Notes the personal data of an operation, in its variables and in its text. */
export function noteOperation(document: string, variables: unknown): void {
  if (runLogFolder() === undefined) return;
  for (const [, quoted = '""'] of document.matchAll(inDocument)) {
    try {
      noteSecret(JSON.parse(quoted) as string);
    } catch {
      // Literals that JSON cannot express, such as GraphQL's block strings, are too rare to be recognised.
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

/** Secrets and passwords in URLs of a program's environment. */
export function noteEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value = ''] of Object.entries(env)) {
    // The name of a file is none.
    if (/SECRET(?!_FILE)/.test(name)) noteSecret(value);
    else if (URL.canParse(value)) noteSecret(decodeURIComponent(new URL(value).password));
  }
}

/** The recorded lines by file, and all noted texts. */
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

/** Texts that no log line may contain. */
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

/** Each line that contains a noted text. */
export function findingsIn({ files, secrets }: RunLog): Finding[] {
  // Escaped as in a line of JSON.
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
