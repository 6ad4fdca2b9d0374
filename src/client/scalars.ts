/** The JSON type of each scalar, for `config.scalars` of GraphQL Code Generator; complete for `strictScalars`. */
export const scalars = {
  ID: 'string',
  CurrencyCode: 'string',
  Date: 'string',
  DateTime: 'string',
  Decimal: 'string',
  IdempotencyKey: 'string',
  JSON: 'unknown',
  Position: 'string',
  SafeInt: 'number',
};
