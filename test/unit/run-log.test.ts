// Whether the search of a run's log finds each kind of leak, planted once, in a log as programs write it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destination } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openLogger } from '../../src/telemetry/logger.ts';
import LogPrivacyReporter from '../support/log-privacy-reporter.ts';
import {
  findingsIn,
  keepLog,
  noteEnvironment,
  noteOperation,
  readRunLog,
  runLogFile,
  runLogFolder,
  setRunLogFolder,
} from '../support/run-log.ts';
import { staffToken } from '../support/tokens.ts';

let before: string | undefined;
let folder: string;
let exitCode: typeof process.exitCode;

beforeEach(() => {
  [before, exitCode] = [runLogFolder(), process.exitCode];
  folder = mkdtempSync(join(tmpdir(), 'orderstream-run-log-'));
  setRunLogFolder(folder);
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => {
  setRunLogFolder(before);
  process.exitCode = exitCode;
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

/** A log line of this process, without redaction. */
function logged(line: object | string): void {
  keepLog(1, {
    stdout: typeof line === 'string' ? '' : JSON.stringify(line),
    stderr: typeof line === 'string' ? line : '',
  });
}

/** The report at the end of a run. */
function verdict(): { readonly what: string[]; readonly failed: boolean } {
  process.exitCode = 0;
  new LogPrivacyReporter().onTestRunEnd();
  const code = process.exitCode;
  return { what: findingsIn(readRunLog(folder)).map(({ what }) => what), failed: code === 1 };
}

const planted: Record<string, { readonly line: () => object | string | Promise<object>; readonly what: string }> = {
  'a token in a message': { line: async () => ({ msg: `got ${await staffToken()}` }), what: 'a token' },
  'an Authorization header': { line: () => ({ headers: { authorization: 'Bearer abcdef0123' } }), what: 'a bearer' },
  'any e-mail address': { line: () => ({ msg: 'for someone@shop.example' }), what: 'an e-mail address' },
  'a customer’s key': { line: () => ({ event: { key: Buffer.alloc(32, 7).toString('base64') } }), what: 'a key' },
  'a password in a URL': { line: () => 'no answer at postgresql://u:hunter2@h/d', what: 'a password in a URL' },
  'a name in variables': {
    line: () => ({ msg: 'renamed to Ada "Q" Lovelace' }),
    what: 'a name or another secret of a test',
  },
  'a name in a document': {
    line: () => ({ input: { name: 'Mary Shelley' } }),
    what: 'a name or another secret of a test',
  },
  'a reference, on standard error': {
    line: () => 'Error: for aunt Petronella',
    what: 'a name or another secret of a test',
  },
  'the secret of the tokens': {
    line: () => ({ config: 'a secret of the tests, 32 bytes and more' }),
    what: 'a name or another secret of a test',
  },
};

describe('the log of a run is searched at its end', () => {
  beforeEach(() => {
    noteOperation('mutation ($input: X!) { renameCustomer(input: $input) { __typename } }', {
      input: { name: 'Ada "Q" Lovelace', items: [{ reference: 'for aunt Petronella' }] },
    });
    noteOperation('mutation { registerCustomer(input: { name: "Mary Shelley", email: "x" }) { __typename } }', {});
    noteEnvironment({ AUTH_JWT_SECRET: 'a secret of the tests, 32 bytes and more' });
    logged({ level: 30, msg: 'command settled', customerId: 'cus_1', err: { message: 'Somebody else' } });
  });

  test('a log without personal data passes', () => {
    expect(verdict()).toEqual({ what: [], failed: false });
  });

  test.each(Object.entries(planted))('%s fails the run', async (_where, { line, what }) => {
    logged(await line());
    expect(verdict()).toEqual({ what: [what], failed: true });
  });

  test('the log of programs inside the tests’ processes is included, and so is what their logger does not redact', async () => {
    const logger = openLogger('trace', destination({ dest: runLogFile()!, sync: true }));
    logger.info({ token: await staffToken() }, `refused ${await staffToken()} at redis://:hunter2@h`);
    expect(readRunLog(folder).files.map(({ lines }) => lines.length)).toEqual([1, 1]);
    expect(verdict()).toEqual({ what: [], failed: false });
    logger.debug('somebody is called Mary Shelley');
    expect(verdict()).toEqual({ what: ['a name or another secret of a test'], failed: true });
  });

  test('output for people is not part of the log', async () => {
    keepLog(2, { stdout: `Tokens for 30 days:\n  staff ${await staffToken()}`, stderr: '' });
    expect(verdict()).toEqual({ what: [], failed: false });
  });

  test('common words are no personal data', () => {
    noteOperation('{ customers(search: "missing") { totalCount } }', { name: 'S', reference: 'another' });
    logged({ msg: 'another view is missing' });
    expect(verdict()).toEqual({ what: [], failed: false });
  });
});
