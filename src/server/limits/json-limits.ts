import { badInput, limitExceeded } from '../../graphql/coded-error.ts';

/** Levels of nested objects and lists. No input of ours has ten; JSON.parse() takes 0.2 s for a megabyte of `[`. */
const maxLevels = 100;
/** Object members and list items. JSON.parse() takes 0.1 s for 90,000 members of one object. */
const maxValues = 30_000;

const quote = 34;
const backslash = 92;
const comma = 44;
const [listStart, listEnd, objectStart, objectEnd] = [91, 93, 123, 125];

/**
 * Rejects JSON that takes long to parse for its length, before it is parsed.
 * @throws BAD_USER_INPUT if it is nested too deep, LIMIT_EXCEEDED if it has too many values
 */
export function checkJsonText(text: string): void {
  if (text.length <= maxLevels) return;
  let level = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) at = endOfString(text, at);
    else if (character === comma) values++;
    else if (character === listStart || character === objectStart) level++;
    else if (character === listEnd || character === objectEnd) level--;
    if (level > maxLevels) throw tooDeep();
    if (values > maxValues) {
      throw limitExceeded(`A body has at most ${maxValues} values.`, maxValues, { name: 'values' });
    }
  }
}

/**
 * The same check for JSON that a library has parsed already.
 * @throws BAD_USER_INPUT if it is nested too deep
 */
export function checkJsonLevels(value: unknown): void {
  let level: readonly object[] = [value].filter(isNested);
  for (let levels = 1; level.length > 0; levels++) {
    if (levels > maxLevels) throw tooDeep();
    level = level.flatMap(one => (Object.values(one) as unknown[]).filter(isNested));
  }
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tooDeep() {
  return badInput(`JSON is nested at most ${maxLevels} levels deep.`);
}

/** @returns index of the closing quote, or the length of the text if there is none: JSON.parse() reports that */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
