/**
 * Maximum length of a row, bytes. Without it, a file without line breaks or with an unclosed quote would be read into
 * memory.
 */
export const longestRow = 65_536;

/** A line of a file, without its line break. */
export interface Line {
  /** 1 is the first. */
  readonly row: number;
  /** Bytes that are not UTF-8 are U+FFFD; undefined if the line is longer than `longestRow`. */
  readonly text: string | undefined;
  /** With its line break. */
  readonly bytes: number;
}

/** Splits a stream into lines. It keeps at most one line and one chunk in memory. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const utf8 = new TextDecoder(); // also removes a byte order mark
  let row = 0;
  let parts: Buffer[] = [];
  let bytes = 0;

  function keep(part: Buffer): void {
    bytes += part.length;
    // Of a line that is too long, only the length is needed.
    if (bytes <= longestRow) parts.push(part);
  }
  function take(): Line {
    const text = bytes > longestRow ? undefined : utf8.decode(Buffer.concat(parts)).replace(/\r?\n$/, '');
    const line = { row: ++row, text, bytes };
    parts = [];
    bytes = 0;
    return line;
  }

  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(0x0a) + 1; to > 0; to = chunk.indexOf(0x0a, from) + 1) {
      keep(chunk.subarray(from, to));
      yield take();
      from = to;
    }
    keep(chunk.subarray(from));
  }
  if (bytes > 0) yield take();
}

/** The separators that a file may use, the most common first. */
export const separators = [',', ';'] as const;
export type Separator = (typeof separators)[number];

/** The first cell of a row whose end cannot be found. */
export interface BadCell {
  readonly index: number;
  readonly message: string;
  /** True: its quotes are not closed at the end of the text, and the next line may close them. */
  readonly open: boolean;
}

/** A row of a file: one line, or several lines if a quoted cell contains line breaks. */
export interface Row {
  /** Number of its first line in the file, starting at 1. */
  readonly row: number;
  /** Undefined if it is longer than `longestRow`. */
  readonly cells: readonly string[] | BadCell | undefined;
  readonly bytes: number;
}

/**
 * Combines lines into rows. If a quote is never closed, only the line with that quote is bad, and the next line
 * starts a new row. So a forgotten quote damages one row, and not the rest of the file.
 */
export async function* readRows(lines: AsyncIterator<Line, unknown>, separator: Separator): AsyncGenerator<Row> {
  const putBack: Line[] = [];
  async function nextLine(): Promise<Line | undefined> {
    const known = putBack.shift();
    if (known) return known;
    const next = await lines.next();
    return next.done ? undefined : next.value;
  }

  for (let first = await nextLine(); first; first = await nextLine()) {
    const { row, text, bytes } = first;
    const cells = text === undefined ? undefined : parseCells(text, separator);
    if (text === undefined || cells === undefined || !isOpen(cells)) {
      yield { row, cells, bytes };
      continue;
    }
    const closed = await closeQuotes(first, text, nextLine, separator);
    if (closed.whole) yield { row, cells: closed.whole, bytes: closed.bytes };
    else {
      putBack.unshift(...closed.taken);
      yield { row, cells, bytes };
    }
  }
}

/**
 * Reads lines until the quotes of the first one are closed, or cannot be closed any more: then `whole` is undefined.
 */
async function closeQuotes(
  { bytes: firstBytes }: Line,
  firstText: string,
  nextLine: () => Promise<Line | undefined>,
  separator: Separator,
): Promise<{ taken: Line[]; whole: readonly string[] | undefined; bytes: number }> {
  const taken: Line[] = [];
  const texts = [firstText];
  let bytes = firstBytes;
  for (;;) {
    const line = await nextLine();
    if (line) taken.push(line);
    bytes += line?.bytes ?? 0;
    if (line?.text === undefined || bytes > longestRow) return { taken, whole: undefined, bytes };
    texts.push(line.text);
    // A line without a quote closes nothing. Not parsing it avoids quadratic time after a forgotten quote.
    if (!line.text.includes('"')) continue;
    const cells = parseCells(texts.join('\n'), separator);
    if (!('index' in cells)) return { taken, whole: cells, bytes };
    if (!cells.open) return { taken, whole: undefined, bytes };
  }
}

function isOpen(cells: readonly string[] | BadCell): boolean {
  return 'index' in cells && cells.open;
}

/** Splits a row into cells, without the spaces around them. Quotes follow RFC 4180. */
export function parseCells(text: string, separator: Separator): string[] | BadCell {
  const cell = cellPatterns[separator];
  cell.lastIndex = 0;
  const cells: string[] = [];
  for (;;) {
    const from = cell.lastIndex;
    const [, quoted, plain = '', end] = cell.exec(text) ?? [];
    if (end === undefined) {
      const open = /^[ \t]*"(?:[^"]|"")*$/.test(text.slice(from));
      const message = 'Its quotes are not closed, or they do not enclose the whole cell.';
      return { index: cells.length, message, open };
    }
    cells.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (end === '') return cells;
  }
}

/** Each pattern matches one cell and the separator or end after it. */
const cellPatterns: Readonly<Record<Separator, RegExp>> = {
  ',': /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^", \t][^,]*|))(,|$)/y,
  ';': /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^"; \t][^;]*|))(;|$)/y,
};
