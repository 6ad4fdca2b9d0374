/** Without a bound, a file with no line break in it would be read into memory whole. */
export const longestLine = 65_536; // bytes

/** A line of a file, without its line break. */
export interface Line {
  /** 1 is the first. */
  readonly row: number;
  /** With U+FFFD for what is no UTF-8; undefined where it is longer than `longestLine`. */
  readonly text: string | undefined;
  /** With its line break. */
  readonly bytes: number;
}

/** The lines of a file, as it comes: no more of it is held than one line and one chunk. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const utf8 = new TextDecoder(); // takes a byte order mark off, too
  let row = 0;
  let parts: Buffer[] = [];
  let bytes = 0;

  function keep(part: Buffer): void {
    bytes += part.length;
    // Of what is too long only the length is wanted.
    if (bytes <= longestLine) parts.push(part);
  }
  function take(): Line {
    const text = bytes > longestLine ? undefined : utf8.decode(Buffer.concat(parts)).replace(/\r?\n$/, '');
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

/** The first cell of a line that can't be told from those after it. */
export interface BadCell {
  readonly index: number;
  readonly message: string;
}

/**
 * The cells of a line, without the spaces around them. Quoted as RFC 4180 says, but for line breaks: a quote ends on
 * its line, so that a forgotten one spoils no more than that.
 */
export function parseCells(line: string): string[] | BadCell {
  const cell = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^", \t][^,]*|))(,|$)/y;
  const cells: string[] = [];
  for (;;) {
    const [, quoted, plain = '', end] = cell.exec(line) ?? [];
    if (end === undefined) {
      return { index: cells.length, message: 'Its quotes are not closed, or something stands beside them.' };
    }
    cells.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (end === '') return cells;
  }
}
