import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';

/** A part of an answer that is kept as the text that it is sent as. `JSON.stringify` of it gives what it says. */
export class CachedJson {
  readonly json: string;

  constructor(answer: unknown) {
    this.json = JSON.stringify(answer);
  }

  toJSON(): unknown {
    if (!collected) return JSON.parse(this.json);
    collected.push(this.json);
    return placeholder;
  }
}

/** Stands for a cached text while an answer is made JSON of. It leaves the process nowhere: no text can have it inside. */
const placeholder = randomUUID();
const quoted = JSON.stringify(placeholder);

/** The cached texts of the answer that JSON is being made of, in their order. */
let collected: string[] | undefined;

/** An answer as JSON. */
export function resultToJson(result: ExecutionResult): string {
  const texts: string[] = [];
  collected = texts;
  try {
    const json = JSON.stringify(result);
    if (texts.length === 0) return json;
    const [start = '', ...rest] = json.split(quoted);
    return start + rest.map((after, place) => `${texts[place]}${after}`).join('');
  } finally {
    collected = undefined;
  }
}
