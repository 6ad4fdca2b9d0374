import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { undescribed } from '../../../.config/undescribed.ts';

describe('the check for descriptions', () => {
  test('names every kind of visible schema element without a description', () => {
    const schema = buildSchema(`
      directive @mark(how: String) on FIELD_DEFINITION
      scalar Decimal
      interface Node { id(short: Boolean): ID! }
      type Order implements Node { id(short: Boolean): ID! }
      enum Status { DRAFT }
      input Filter { status: Status }
      union Result = Order
      type Query { result(filter: Filter): Result }
    `);
    expect(undescribed(schema).sort()).toEqual(
      [
        '@mark',
        '@mark(how:)',
        'Decimal',
        'Filter',
        'Filter.status',
        'Node',
        'Node.id',
        'Node.id(short:)',
        'Order',
        'Order.id',
        'Order.id(short:)',
        'Query',
        'Query.result',
        'Query.result(filter:)',
        'Result',
        'Status',
        'Status.DRAFT',
      ].sort(),
    );
  });

  test('treats an empty description as none', () => {
    expect(undescribed(buildSchema('" " type Query { "Now." now: Int }'))).toEqual(['Query']);
  });

  test('finds nothing if everything is described, except built-in scalars and directives', () => {
    const schema = buildSchema('"Reads." type Query { "Now." now("Zone." zone: String): Int @deprecated }');
    expect(undescribed(schema)).toEqual([]);
  });
});
