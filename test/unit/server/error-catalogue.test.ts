import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { errorCodes } from '../../../src/graphql/error-codes.ts';
import { httpStatus } from '../../../src/server/execution/present-error.ts';

const text = readFileSync(fileURLToPath(new URL('../../../docs/errors.md', import.meta.url)), 'utf8');
const rows = [...text.matchAll(/^\| `(\w+)` +\| (\d+) +\| (.+?) +\| (.+?) +\|$/gm)].map(([, ...cells]) => cells);

test('docs/errors.md has each code of the catalogue, with its cause, status and remedy, and no other code', () => {
  expect(rows.map(([code, status, cause]) => [code, Number(status), cause])).toEqual(
    Object.entries(errorCodes).map(([code, cause]) => [
      code,
      httpStatus[code as keyof typeof errorCodes].status,
      cause,
    ]),
  );
  for (const [, , cause, remedy] of rows) {
    expect(remedy).toMatch(/^[A-Z`].{20,}\.$/);
    expect(remedy).not.toBe(cause);
  }
});
