import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestRow, parseCells, readLines, readRows } from '../../../../src/cli/import/csv.ts';
import { collect } from '../../../support/collect.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function linesOf(text: string | Buffer, chunkSize = 7) {
  return collect(readLines(inChunks(Buffer.from(text), chunkSize)));
}

describe('the lines of a file', () => {
  it('are the same for all chunk sizes, with every byte counted', async () => {
    const line = fc.string({ unit: 'grapheme' }).map(text => text.replaceAll(/[\r\n\ufeff\ufffd]/g, ''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 40 }),
        async (lines, end, size) => {
          const file = lines.map(text => text + end).join('');
          const read = await linesOf(file, size);
          expect(read.map(({ text }) => text)).toEqual(lines.map(text => Buffer.from(text).toString()));
          expect(read.map(({ row }) => row)).toEqual(lines.map((_, index) => index + 1));
          expect(read.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(Buffer.byteLength(file));
        },
      ),
    );
  });

  it('include a last line without a line break', async () => {
    expect((await linesOf('a\nb')).map(({ text }) => text)).toEqual(['a', 'b']);
  });

  it('do not contain the byte order mark', async () => {
    expect((await linesOf('\ufeffa,b\n'))[0]?.text).toBe('a,b');
  });

  it('that are too long have no text, and later lines stay readable', async () => {
    const long = 'x'.repeat(longestRow + 1);
    const read = await linesOf(`a\n${long}\nb\n`, 10_000);
    expect(read.map(({ text }) => text)).toEqual(['a', undefined, 'b']);
  });
});

describe('the cells of a line', () => {
  it.each<[string, string, string[]]>([
    ['plain ones', 'a,b c,', ['a', 'b c', '']],
    ['quoted ones, with commas and quotes in them', '"a, b","say ""a""",""', ['a, b', 'say "a"', '']],
    ['spaces around them', ' a , "b" ,\tc', ['a', 'b', 'c']],
    ['a quote in the middle', '27" screen,6\' rope', ['27" screen', "6' rope"]],
    ['an empty line', '', ['']],
    ['a line break in quotes', 'a,"b\nc",d', ['a', 'b\nc', 'd']],
  ])('are separated: %s', (_, line, cells) => {
    expect(parseCells(line, ',')).toEqual(cells);
    const changed = (text: string) => text.replaceAll(/[,;]/g, sign => (sign === ',' ? ';' : ','));
    expect(parseCells(changed(line), ';')).toEqual(cells.map(changed));
  });

  it.each<[string, string, number]>([
    ['quotes that are not closed', 'a,"b,c', 1],
    ['quotes that are not closed, after spaces', 'a,b,  "c', 2],
    ['text after quotes', '"a"b,c', 0],
  ])('end at the first ambiguous one: %s', (_, line, index) => {
    expect(parseCells(line, ',')).toMatchObject({ index });
  });

  it('are read as they were written', () => {
    const cell = fc.string().filter(text => text === text.trim() && !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), fc.constantFrom(',' as const, ';' as const), (cells, separator) => {
        const text = cells.map(one => `"${one.replaceAll('"', '""')}"`).join(separator);
        expect(parseCells(text, separator)).toEqual(cells);
      }),
    );
  });
});

describe('the rows of a file', () => {
  const rowsOf = (text: string) => collect(readRows(readLines(inChunks(Buffer.from(text), 7)), ','));

  it('are read as they were written, with line breaks in quotes, each at its first line', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ') }).map(text => text.trim());
    const cells = fc.array(cell, { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(cells), fc.constantFrom('\n', '\r\n'), async (rows, end) => {
        const written = rows.map(row => row.map(one => `"${one.replaceAll('"', '""')}"`).join(','));
        const file = written.map(row => row.replaceAll('\n', end) + end).join('');
        const read = await rowsOf(file);
        expect(read.map(row => row.cells)).toEqual(rows);
        const before = written.map((_, index) => written.slice(0, index).join('\n').split('\n').length);
        expect(read.map(({ row }) => row)).toEqual(before.map((lines, index) => (index === 0 ? 1 : lines + 1)));
        expect(read.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(Buffer.byteLength(file));
      }),
    );
  });

  it.each([
    ['no quote after it', 'b,c\n"d",e\n'],
    ['as many rows as a row may have bytes', 'b,c\n'.repeat(longestRow)],
  ])('after quotes that are never closed are still read: %s', async (_, after) => {
    const read = await rowsOf(`a,"b\n${after}`);
    expect(read[0]).toMatchObject({ row: 1, cells: { index: 1, open: true }, bytes: 5 });
    expect(read[1]).toMatchObject({ row: 2, cells: ['b', 'c'] });
    expect(read.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(5 + after.length);
  });
});
