import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns } from '../../../../src/cli/import/check-row.ts';
import { type OrderRows, readOrders } from '../../../../src/cli/import/read-orders.ts';
import { maximumLines } from '../../../../src/order/domain/limits.ts';
import { collect } from '../../../support/collect.ts';

const header = columns.join(',');
const good = 'A1,ANN,Ann,11,Tea,2,14.00,USD,2020-01-02,2020-01-05,DHL';

/** Opens a file with this content. */
function once(text: string | Buffer): () => AsyncGenerator<Buffer> {
  return async function* read() {
    yield Buffer.from(text);
  };
}

async function read(...rows: string[]): Promise<OrderRows[]> {
  return collect(await readOrders(once([header, ...rows, ''].join('\n'))));
}

/** The places of the problems with their orders, e.g. `B: row 3, quantity`. */
function problems(read: readonly OrderRows[]): string[] {
  return read.flatMap(rows =>
    rows.type === 'order'
      ? []
      : rows.problems.map(({ row, column }) => `${rows.reference ?? '?'}: row ${row}, ${column}`),
  );
}

function orders(read: readonly OrderRows[]): string[] {
  return read.flatMap(rows => (rows.type === 'order' ? [rows.order.reference] : []));
}

/** A valid row of an order, with some cells changed. */
function row(reference: string, changed: Partial<Record<(typeof columns)[number], string>> = {}): string {
  const cells = good.split(',');
  return columns.map((column, index) => changed[column] ?? (index === 0 ? reference : cells[index])).join(',');
}

describe('the orders of a file', () => {
  it('have the content of their rows, each row a line, in the order of the file', async () => {
    const read = await collect(
      await readOrders(
        once(`${header}\n${row('A1')}\n${row('A1', { product_sku: '12', quantity: '3' })}\n${row('A2')}\n`),
      ),
    );
    expect(read).toMatchObject([
      {
        type: 'order',
        order: {
          reference: 'A1',
          customerReference: 'ANN',
          customerName: 'Ann',
          currency: 'USD',
          orderedAt: new Date('2020-01-02T00:00:00Z'),
          shipment: { at: new Date('2020-01-05T00:00:00Z'), carrier: 'DHL' },
          lines: [
            { row: 2, sku: '11', productName: 'Tea', quantity: 2, unitPrice: 1400 },
            { row: 3, sku: '12', productName: 'Tea', quantity: 3, unitPrice: 1400 },
          ],
        },
      },
      { type: 'order', order: { reference: 'A2', lines: [{ row: 4 }] } },
    ]);
  });

  it('count every byte of the file', async () => {
    const all = await read(row('A1'), '', row('A1'), 'nonsense', row('A2'), row('A3', { quantity: 'x' }));
    const file = [header, row('A1'), '', row('A1'), 'nonsense', row('A2'), row('A3', { quantity: 'x' }), ''].join('\n');
    expect(all.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(Buffer.byteLength(file));
  });

  it('may have their columns in another order, and additional ones', async () => {
    const file =
      ['note', ...columns.toReversed()].join(',') + '\n' + ['new', ...good.split(',').toReversed()].join(',');
    expect(orders(await collect(await readOrders(once(file))))).toEqual(['A1']);
  });

  it('have no shipment if the file has no shipping date, even with a carrier', async () => {
    const [first] = await read(row('A1', { shipped_at: '' }));
    expect(first).toMatchObject({ type: 'order', order: { shipment: undefined } });
  });

  it('skip empty rows', async () => {
    expect(orders(await read('', row('A1'), ',,,,,,,,,,', '  ', row('A1')))).toEqual(['A1']);
  });
});

describe('a bad row', () => {
  it.each<[(typeof columns)[number], string]>([
    ['order_reference', 'x'.repeat(101)],
    ['customer_reference', ''],
    ['customer_name', 'x'.repeat(201)],
    ['customer_name', 'An\u0007n'],
    ['product_sku', 'x'.repeat(65)],
    ['product_name', ''],
    ['quantity', 'two'],
    ['quantity', '-1'],
    ['quantity', '1.5'],
    ['quantity', ''],
    ['unit_price', '14,00'.replace(',', ';')],
    ['unit_price', '14.005'],
    ['unit_price', '-1'],
    ['unit_price', ''],
    ['currency', 'usd'],
    ['currency', 'USX'],
    ['ordered_at', '2020-02-30'],
    ['ordered_at', '02.01.2020'],
    ['ordered_at', ''],
    ['shipped_at', '2020-1-5'],
    ['shipped_at', '2020-01-01'],
    ['carrier', ''],
  ])('is reported by row and column, and its whole order is skipped: %s %j', async (column, cell) => {
    const reference = column === 'order_reference' ? cell : 'B';
    const bad = await read(row('A'), row(reference, { [column]: cell }), row(reference, { [column]: cell }), row('C'));
    expect(orders(bad)).toEqual(['A', 'C']);
    expect(problems(bad)).toEqual([3, 4].map(at => `${reference}: row ${at}, ${column}`));
  });

  it('is reported with all of its problems', async () => {
    const bad = await read(row('B', { quantity: 'x', currency: 'x', ordered_at: 'x' }));
    expect(problems(bad)).toEqual(['B: row 2, quantity', 'B: row 2, currency', 'B: row 2, ordered_at']);
  });

  it.each<[(typeof columns)[number], string]>([
    ['customer_reference', 'BEN'],
    ['customer_name', 'Anne'],
    ['currency', 'EUR'],
    ['ordered_at', '2020-01-01'],
    ['shipped_at', '2020-01-06'],
    ['carrier', 'UPS'],
  ])('is one that differs from the first row of its order: %s', async (column, cell) => {
    const bad = await read(row('B'), row('B', { [column]: cell }), row('C'));
    expect(orders(bad)).toEqual(['C']);
    expect(problems(bad)).toEqual([`B: row 3, ${column}`]);
  });

  it('that is not UTF-8 is reported by its column', async () => {
    const file = Buffer.concat([
      Buffer.from(`${header}\n`),
      Buffer.from(row('B', { customer_name: 'Zoë' }), 'latin1'),
      Buffer.from(`\n${row('C')}\n`),
    ]);
    const bad = await collect(await readOrders(once(file)));
    expect(orders(bad)).toEqual(['C']);
    expect(problems(bad)).toEqual(['B: row 2, customer_name']);
  });

  it.each<[string, string, string]>([
    ['an empty reference', row(''), 'order_reference'],
    ['too few cells', 'B,ANN,Ann,11,Tea,2', 'unit_price'],
    ['too many cells', `${row('B')},more`, 'carrier'],
    ['quotes left open', row('B', { product_name: '"Tea' }), 'product_name'],
    ['endless length', 'x'.repeat(70_000), 'order_reference'],
  ])('without a readable order reference spoils the adjacent orders, and no other: %s', async (_, bad, column) => {
    const all = await read(row('A'), row('B'), bad, row('C'), row('D'));
    expect(orders(all)).toEqual(['A', 'D']);
    expect(problems(all)).toEqual(['B: row 3, order_reference', `?: row 4, ${column}`, 'C: row 5, order_reference']);
  });

  it('without a readable order reference, among rows of one order, spoils only that one', async () => {
    const all = await read(row('A'), row('B'), row(''), row('B'), row('C'));
    expect(orders(all)).toEqual(['A', 'C']);
  });
});

describe('an order whose rows are not adjacent', () => {
  it('is returned complete after its last row, and so are all others, for any order of the rows', async () => {
    const references = fc.array(fc.constantFrom<string>('A', 'B', 'C', 'D', 'E'), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(references, async mixed => {
        const all = await read(...mixed.map((reference, at) => row(reference, { quantity: String(at + 1) })));
        const lines = all.map(one => {
          if (one.type !== 'order') throw new Error('an order was skipped');
          return [one.order.reference, one.order.lines.map(line => line.quantity)] as const;
        });
        const last = (reference: string) => mixed.lastIndexOf(reference);
        const expected = [...new Set(mixed)].sort((one, other) => last(one) - last(other));
        expect(lines).toEqual(
          expected.map(reference => [reference, mixed.flatMap((one, at) => (one === reference ? [at + 1] : []))]),
        );
      }),
    );
  });

  it('is skipped completely if any of its rows is bad, and reported once', async () => {
    const all = await read(row('SPLIT'), row('OTHER'), row('SPLIT', { quantity: 'x' }), row('SPLIT'));
    expect(orders(all)).toEqual(['OTHER']);
    expect(problems(all)).toEqual(['SPLIT: row 4, quantity']);
  });

  it('is skipped completely if a row without a reference is adjacent to any of its rows', async () => {
    const all = await read(row('SPLIT'), row('OTHER'), row('SPLIT'), row(''), row('LAST'));
    expect(orders(all)).toEqual(['OTHER']);
    expect(problems(all)).toEqual([
      'SPLIT: row 2, order_reference',
      '?: row 5, order_reference',
      'LAST: row 6, order_reference',
    ]);
  });

  it('is skipped completely if more rows are between its rows than fit into memory, and no other one is', async () => {
    const rows = [row('SPLIT'), row('A'), row('SPLIT'), row('B'), row('C'), row('C'), row('C'), row('SPLIT'), row('B')];
    const all = await collect(await readOrders(once([header, ...rows, ''].join('\n')), 3));
    expect(orders(all)).toEqual(['A', 'C', 'B']);
    expect(problems(all)).toEqual(['SPLIT: row 2, order_reference']);
  });

  it('is not read from a file that changes between its first and its second reading', async () => {
    const files = [[row('SPLIT'), row('A')], [row('SPLIT'), row('A'), row('SPLIT')], [row('A')]];
    for (const [first, second] of [
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 1],
    ] as const) {
      let times = 0;
      const changing = () => once([header, ...files[times++ === 0 ? second : first]!, ''].join('\n'))();
      await expect(readOrders(changing).then(collect)).rejects.toThrow('The file has changed');
    }
  });
});

describe('a customer with two names', () => {
  it('is reported once, with both rows, and keeps the first name', async () => {
    const all = await read(
      row('A'),
      row('B', { customer_name: 'Anne' }),
      row('C', { customer_name: 'Anna' }),
      row('D', { customer_reference: 'BEN', customer_name: 'Ben' }),
    );
    expect(orders(all)).toEqual(['A', 'B', 'C', 'D']);
    expect(all.flatMap(rows => (rows.type === 'order' && rows.otherName ? [rows.otherName] : []))).toEqual([
      { row: 3, column: 'customer_name', message: 'It differs from row 2, which has the same customer_reference.' },
    ]);
  });
});

describe('a file from a spreadsheet', () => {
  it('may have ";" between its cells, a byte order mark and line breaks in its notes', async () => {
    const rows = [row('A'), row('B', { product_name: '"Tea; green"' })].map(one => one.replaceAll(',', ';'));
    const file = `\ufeff${header.replaceAll(',', ';')};note\r\n${rows[0]};"call\r\nfirst"\r\n${rows[1]};\r\n`;
    const all = await collect(await readOrders(once(file)));
    expect(orders(all)).toEqual(['A', 'B']);
    expect(all[1]).toMatchObject({ order: { lines: [{ row: 4, productName: 'Tea; green' }] } });
  });

  it('has a line break in a cell that allows none reported by row and column', async () => {
    const all = await read(row('A'), row('B', { product_name: '"Green\nTea"' }), row('C'));
    expect(orders(all)).toEqual(['A', 'C']);
    expect(problems(all)).toEqual(['B: row 3, product_name']);
  });

  it('has rows that two missing quotes join skipped, with the adjacent orders', async () => {
    const [open, close] = [row('B', { product_name: '"Tea' }), row('C', { product_name: 'Cup"' })];
    const all = await read(row('A'), row('B'), open, close, row('C'), row('D'));
    expect(orders(all)).toEqual(['A', 'D']);
    expect(problems(all)).toEqual(['B: row 3, order_reference', '?: row 4, product_name', 'C: row 6, order_reference']);
  });
});

describe('an order with too many rows', () => {
  it('is reported once, and no more of its rows are kept than an order may have', async () => {
    const endless = Array.from({ length: maximumLines + 700 }, () => row('B', { quantity: 'x' }));
    const all = await read(row('A'), ...endless, row('C'));
    expect(orders(all)).toEqual(['A', 'C']);
    expect(problems(all)).toHaveLength(maximumLines + 1);
    expect(problems(all).at(-1)).toBe(`B: row ${maximumLines + 3}, order_reference`);
  });
});

describe('a file with other content', () => {
  it.each([
    ['nothing', '', 'The file has no order lines'],
    ['other columns', '{"name": "x"}\n', 'The file has no order lines'],
    ['other separators', `${header.replaceAll(',', '|')}\n`, 'The file has no order lines'],
    [
      'a column twice',
      `${header},customer_name\n`,
      'Row 1 names the column customer_name more than once, in cells 3 and 12',
    ],
    ['a missing column', `${header.replace(',carrier', '')}\n`, 'it lacks carrier'],
  ])('is rejected by its first line: %s', async (_, file, message) => {
    await expect(readOrders(once(file))).rejects.toThrow(message);
  });
});
