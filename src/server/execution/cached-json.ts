import type { ExecutionResult } from 'graphql';

/** A part of a response, serialised once. `toJSON()` parses it again for other serialisers. */
export class CachedJson {
  readonly json: string;

  constructor(value: unknown) {
    this.json = JSON.stringify(value);
  }

  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}

/** Serialises a response; uses the cached JSON of its fields. */
export function resultToJson(result: ExecutionResult): string {
  const { data, errors, extensions } = result;
  const fields = Object.entries(data ?? {});
  if (errors || !fields.some(([, value]) => value instanceof CachedJson)) return JSON.stringify(result);
  const dataJson = fields.map(([key, value]) => `${JSON.stringify(key)}:${jsonOfField(value)}`).join();
  const rest = extensions === undefined ? '' : `,"extensions":${JSON.stringify(extensions)}`;
  return `{"data":{${dataJson}}${rest}}`;
}

function jsonOfField(value: unknown): string {
  return value instanceof CachedJson ? value.json : JSON.stringify(value);
}
