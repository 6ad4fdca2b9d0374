import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';

/**
 * A part of a response, serialised once. resultToJson() uses its text; for other serialisers `toJSON()` parses it
 * again.
 */
export class CachedJson {
  readonly json: string;

  constructor(value: unknown) {
    this.json = JSON.stringify(value);
  }

  toJSON(): unknown {
    if (!collected) return JSON.parse(this.json);
    collected.push(this.json);
    return placeholder;
  }
}

/**
 * Replaces each cached text while a response is serialised. It is random and no response contains it, so a client
 * cannot store a text that contains it.
 */
const placeholder = randomUUID();
const placeholderJson = JSON.stringify(placeholder);

/** The cached texts of the response that is being serialised, in their order; undefined at all other times. */
let collected: string[] | undefined;

/** Serialises a response; uses its cached JSON, at any depth. */
export function resultToJson(result: ExecutionResult): string {
  const { json, texts } = jsonWithPlaceholders(result);
  if (texts.length === 0) return json;
  const [start = '', ...rest] = json.split(placeholderJson);
  // Each cached text added one placeholder. If there are more, a text of the response contains it, and the cached texts
  // would move to other places.
  if (rest.length !== texts.length) return JSON.stringify(result);
  return start + rest.map((after, place) => `${texts[place]}${after}`).join('');
}

function jsonWithPlaceholders(result: ExecutionResult): { json: string; texts: readonly string[] } {
  const texts: string[] = [];
  collected = texts;
  try {
    return { json: JSON.stringify(result), texts };
  } finally {
    collected = undefined;
  }
}
