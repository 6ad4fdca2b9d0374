import type { ExecutionResult } from 'graphql';

/** A part of an answer that is kept as the text that it is sent as. Whoever makes JSON of it finds what it says. */
export class CachedJson {
  readonly json: string;

  constructor(answer: unknown) {
    this.json = JSON.stringify(answer);
  }

  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}

/** An answer as JSON. */
export function resultToJson(result: ExecutionResult): string {
  const { data, errors, extensions } = result;
  const fields = Object.entries(data ?? {});
  if (errors || !fields.some(([, value]) => value instanceof CachedJson)) return JSON.stringify(result);
  const told = fields.map(([key, value]) => `${JSON.stringify(key)}:${jsonOfField(value)}`).join();
  const rest = extensions === undefined ? '' : `,"extensions":${JSON.stringify(extensions)}`;
  return `{"data":{${told}}${rest}}`;
}

function jsonOfField(value: unknown): string {
  return value instanceof CachedJson ? value.json : JSON.stringify(value);
}
