import { badInput, limitExceeded } from '../../graphql/coded-error.ts';

/** Levels of nested objects and lists. No input type has ten; JSON.parse() takes 0.2 s for a megabyte of `[`. */
const maxLevels = 100;
/** Object members and list items. JSON.parse() takes 0.1 s for 90,000 members of one object. */
const maxValues = 30_000;
/** Members of one object. No input type has thirty; graphql-js's error about one unknown member quotes all of them. */
const maxMembers = 500;

const quote = 34;
const backslash = 92;
const comma = 44;
const [listStart, listEnd, objectStart, objectEnd] = [91, 93, 123, 125];

/**
 * Rejects JSON that takes long to parse for its length, before it is parsed.
 * @throws BAD_USER_INPUT if it is nested too deep, LIMIT_EXCEEDED if it, or an object in it, has too many values
 */
export function checkJsonText(text: string): void {
  if (text.length <= maxLevels) return;
  let level = 0;
  let values = 1;
  // Members so far of each open object, by level; a list starts so low that it never has too many.
  const members: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) at = endOfString(text, at);
    else if (character === comma) {
      values++;
      members[level] = (members[level] ?? 0) + 1;
    } else if (character === listStart) members[++level] = -Infinity;
    else if (character === objectStart) members[++level] = 1;
    else if (character === listEnd || character === objectEnd) level--;
    if (level > maxLevels) throw tooDeep();
    if ((members[level] ?? 0) > maxMembers) throw tooManyMembers();
    if (values > maxValues) {
      throw limitExceeded(`A body has at most ${maxValues} values.`, maxValues, { name: 'values' });
    }
  }
}

/**
 * The same check for JSON that a library has parsed already.
 * @throws BAD_USER_INPUT if it is nested too deep, LIMIT_EXCEEDED if an object has too many members
 */
export function checkJsonLevels(value: unknown): void {
  let level: readonly object[] = [value].filter(isNested);
  for (let levels = 1; level.length > 0; levels++) {
    if (levels > maxLevels) throw tooDeep();
    if (level.some(one => !Array.isArray(one) && Object.keys(one).length > maxMembers)) throw tooManyMembers();
    level = level.flatMap(one => (Object.values(one) as unknown[]).filter(isNested));
  }
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tooDeep() {
  return badInput(`JSON is nested at most ${maxLevels} levels deep.`);
}

function tooManyMembers() {
  return limitExceeded(`An object has at most ${maxMembers} members.`, maxMembers, { name: 'members' });
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
