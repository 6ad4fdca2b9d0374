import { badInput, limitExceeded } from '../../graphql/coded-error.ts';

/** Objects and lists within each other. No input of ours has ten; JSON.parse() takes 0.2 s for a megabyte of `[`. */
const mostLevels = 100;
/** Members and items. JSON.parse() takes 0.1 s for 90,000 members of one object. */
const mostValues = 30_000;

const quote = 34;
const backslash = 92;
const comma = 44;
const [listStart, listEnd, objectStart, objectEnd] = [91, 93, 123, 125];

/**
 * Refuses JSON that takes long to parse for its length, before it is parsed.
 * @throws BAD_USER_INPUT for levels, LIMIT_EXCEEDED for values
 */
export function checkJsonText(text: string): void {
  if (text.length <= mostLevels) return;
  let level = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) at = endOfString(text, at);
    else if (character === comma) values++;
    else if (character === listStart || character === objectStart) level++;
    else if (character === listEnd || character === objectEnd) level--;
    if (level > mostLevels) throw tooDeep();
    if (values > mostValues) {
      throw limitExceeded(`A body has at most ${mostValues} values.`, mostValues, { name: 'values' });
    }
  }
}

/**
 * The same for what another program has parsed.
 * @throws BAD_USER_INPUT
 */
export function checkJsonLevels(value: unknown): void {
  let level: readonly object[] = [value].filter(isNested);
  for (let levels = 1; level.length > 0; levels++) {
    if (levels > mostLevels) throw tooDeep();
    level = level.flatMap(one => (Object.values(one) as unknown[]).filter(isNested));
  }
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tooDeep() {
  return badInput(`JSON has at most ${mostLevels} objects and lists within each other.`);
}

/** Of its closing quote; the text's where there is none, which JSON.parse() then says. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
