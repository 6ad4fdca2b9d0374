import SchemaBuilder from '@pothos/core';
import type { Position } from '../event-store/position.ts';
import type { Context } from './context.ts';
import './authorization.ts';
import './sharing.ts';
import {
  CurrencyCode,
  DateScalar,
  DateTime,
  Decimal,
  IdempotencyKey,
  Json,
  PositionScalar,
  SafeInt,
} from './scalars.ts';

/**
 * Declares the types and fields of the schema. Slices add theirs, and schema.ts builds it. Fields are non-null by
 * default.
 */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    Date: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date | string };
    Decimal: { Input: string; Output: string };
    CurrencyCode: { Input: string; Output: string };
    SafeInt: { Input: number; Output: number | bigint };
    IdempotencyKey: { Input: string; Output: string };
    Position: { Input: Position; Output: Position };
    JSON: { Input: unknown; Output: unknown };
  };
}>({ plugins: ['rules', 'sharing'], defaultFieldNullability: false });

export type Types = (typeof builder)['$inferSchemaTypes'];
/** A declared object type whose values have the shape `Row`. */
export type ObjectRef<Row> = PothosSchemaTypes.ObjectRef<Types, Row>;
export type InputRef<Input> = PothosSchemaTypes.InputObjectRef<Types, Input>;

builder.addScalarType('Date', DateScalar);
builder.addScalarType('DateTime', DateTime);
builder.addScalarType('Decimal', Decimal);
builder.addScalarType('CurrencyCode', CurrencyCode);
builder.addScalarType('SafeInt', SafeInt);
builder.addScalarType('IdempotencyKey', IdempotencyKey);
builder.addScalarType('Position', PositionScalar);
builder.addScalarType('JSON', Json);

builder.queryType({ description: 'Reads of objects, lists and read models.' });
builder.mutationType({
  description:
    'Commands. Each one stores events and returns the position that they reached, or returns the reason why it stored nothing. If the field is null, read the code of its error: after OUTCOME_UNKNOWN the events may have been stored.',
});
builder.subscriptionType({ description: 'Live read models. Each frame carries the position that it reflects.' });
