import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** The output of a process that logs this. Pino writes to the file descriptor, which this process could not observe. */
async function logged(statements: string): Promise<string> {
  const script = `
    import { openLogger } from './src/logger.ts';
    const logger = openLogger('info');
    ${statements}`;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  return stdout;
}

test('no secret reaches the log: not as a field, a header, a URL’s password or a token in a text', async () => {
  const output = await logged(`
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2-hunter2';
    logger.info({ token: 'hunter2', auth: { secret: 'hunter2' }, req: { headers: { authorization: 'Bearer hunter2' } } }, 'a');
    logger.info('connected to postgresql://user:hunter2@db.example.com:5432/orders and redis://:hunter2@redis');
    logger.info({ payload: { Authorization: 'Bearer ' + token } }, 'refused ' + token);
    logger.warn({ init: 'authorization: Bearer hunter2' }, 'got {"Authorization":"bearer hunter2=="}');
    const error = new Error('no answer from postgres://user:hunter2@db/x');
    error.meta = { driverAdapterError: { cause: { detail: 'Failing row contains (Ada, hunter2@example.com)' } } };
    error.event = { key: 'hunter2', personal: { sealed: 'hunter2' }, data: { name: 'hunter2' } };
    logger.error({ err: error }, 'failed');
    logger.info('the end');`);
  expect(output).toContain('the end');
  expect(output).not.toContain('hunter2');
  expect(output).toContain('postgresql://user:[Redacted]@db.example.com:5432/orders');
});

test('an error of the database is logged with its SQLSTATE, and every line is JSON', async () => {
  const output = await logged(`
    logger.error({ err: Object.assign(new Error('no'), { cause: { originalCode: '23505' } }) }, 'a "quoted" line\\nand another');
    logger.debug('not at this level');`);
  const lines = output.trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({
      msg: 'a "quoted" line\nand another',
      err: expect.objectContaining({ sqlState: '23505' }),
    }),
  ]);
});
