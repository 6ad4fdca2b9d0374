import type { DocumentNode } from 'graphql';

export function isCommand({ definitions }: DocumentNode): boolean {
  return definitions.some(definition => 'operation' in definition && (definition.operation as string) === 'mutation');
}
