import { LRUCache } from 'lru-cache';

/** The response types that a client's `Accept` header allows. */
export interface Acceptable {
  /** Media type of a single result; undefined if the client accepts neither of the two. */
  readonly result: ResultType | undefined;
  /** Whether the client accepts a stream of results, `text/event-stream`. */
  readonly stream: boolean;
}

export type ResultType = (typeof resultTypes)[number];

/** If a client accepts both equally (a wildcard), it gets the first: the older type, which every client can read. */
const resultTypes = ['application/json', 'application/graphql-response+json'] as const;
const streamType = 'text/event-stream';

interface MediaRange {
  readonly type: string;
  /** `q`, 0 to 1; 0 excludes the type. */
  readonly quality: number;
  readonly place: number;
}

/** A cache: each request has this header, and clients send only a few different values. */
const parsed = new LRUCache<string, Acceptable>({ max: 100 });

/** @param accept the header; a request without it accepts any type */
export function acceptableTypes(accept = '*/*'): Acceptable {
  const known = parsed.get(accept);
  if (known) return known;
  const acceptable = chosenFrom(rangesOf(accept.trim() === '' ? '*/*' : accept));
  parsed.set(accept, acceptable);
  return acceptable;
}

/** An equivalent header that names exactly these types. A client that accepts none gets its error as JSON. */
export function acceptHeader({ result, stream }: Acceptable): string {
  if (!stream) return result ?? 'application/json';
  return result === undefined ? streamType : `${result}, ${streamType}`;
}

function chosenFrom(ranges: readonly MediaRange[]): Acceptable {
  let best: { readonly type: ResultType; readonly range: MediaRange } | undefined;
  for (const type of resultTypes) {
    const range = rangeFor(ranges, type);
    if (!range || range.quality === 0) continue;
    if (!best || range.quality > best.range.quality) best = { type, range };
    else if (range.quality === best.range.quality && range.place < best.range.place) best = { type, range };
  }
  return { result: best?.type, stream: (rangeFor(ranges, streamType)?.quality ?? 0) > 0 };
}

// The most specific range decides: `application/json;q=0, */*` takes anything but JSON.
function rangeFor(ranges: readonly MediaRange[], type: string): MediaRange | undefined {
  const family = `${type.split('/', 1)[0]}/*`;
  for (const name of [type, family, '*/*']) {
    const range = ranges.find(one => one.type === name);
    if (range) return range;
  }
  return undefined;
}

/** Malformed entries are ignored. */
function rangesOf(accept: string): MediaRange[] {
  return accept
    .toLowerCase()
    .split(',')
    .flatMap((text, place) => {
      const [name = '', ...parameters] = text.split(';').map(part => part.trim());
      const type = name === '*' ? '*/*' : name; // Java's HttpURLConnection sends `*`
      const quality = qualityOf(parameters);
      if (!mediaRange.test(type) || quality === undefined || !takesUtf8(parameters)) return [];
      return [{ type, quality, place }];
    });
}

const mediaRange = /^(?:\*\/\*|[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+))$/;

function qualityOf(parameters: readonly string[]): number | undefined {
  const text = valueOf(parameters, 'q');
  if (text === undefined) return 1;
  const quality = /^\d*\.?\d*$/.test(text) && /\d/.test(text) ? Number(text) : undefined; // Java sends `.2`
  return quality !== undefined && quality <= 1 ? quality : undefined;
}

/** All responses are UTF-8, so another charset does not match. */
function takesUtf8(parameters: readonly string[]): boolean {
  return /^"?utf-?8"?$/.test(valueOf(parameters, 'charset') ?? 'utf-8');
}

function valueOf(parameters: readonly string[], name: string): string | undefined {
  const found = parameters.find(parameter => parameter.split('=', 1)[0]?.trim() === name);
  return found?.slice(found.indexOf('=') + 1).trim();
}
