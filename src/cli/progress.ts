export interface Progress {
  /** @param size of the total, where that is not counted in what is done */
  add(count: number, size?: number): void;
  /** Prints a line of another kind, which the bar has to make way for. */
  say(print: () => void): void;
  /** Shows where it ended. */
  end(): void;
}

/** On a terminal, ms: as often as people can follow. */
const redrawInterval = 200;
/** Elsewhere, ms: lines stay. */
const lineInterval = 2_000;
const barWidth = 30;

/**
 * How far a long work is, at which rate, and how long it will take: a bar that is drawn over itself on a terminal,
 * elsewhere a line now and then.
 * @param options.what is counted, in the singular
 * @param options.total undefined where nobody knows, e.g. of a pipe
 */
export function openProgress(
  out: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>,
  options: { readonly what: string; readonly total: number | undefined },
): Progress {
  const start = performance.now();
  let count = 0;
  let size = 0;
  let shown: number | undefined;

  function show(): void {
    shown = performance.now();
    const done = options.total === undefined ? undefined : Math.min(size / Math.max(options.total, 1), 1);
    const text = progressText({ count, what: options.what, done, ms: shown - start });
    if (!out.isTTY) out.write(`${text}\n`);
    // Cut to the width: a line that wraps is not drawn over.
    else
      out.write(`\r\x1b[K${[...(done === undefined ? text : `${bar(done)} ${text}`)].slice(0, out.columns).join('')}`);
  }

  return {
    add(more, sizeOfMore = more) {
      count += more;
      size += sizeOfMore;
      if (shown === undefined || performance.now() - shown >= (out.isTTY ? redrawInterval : lineInterval)) show();
    },
    say(print) {
      const drawn = out.isTTY && shown !== undefined;
      if (drawn) out.write('\r\x1b[K');
      print();
      if (drawn) show();
    },
    end() {
      if (shown === undefined) return;
      show();
      if (out.isTTY) out.write('\n');
    },
  };
}

/** @param done from 0 to 1; undefined where nobody knows */
export function progressText(so: { count: number; what: string; done: number | undefined; ms: number }): string {
  const { count, what, done, ms } = so;
  const rate = `${counted(count, what)}, ${counted(Math.round((count * 1000) / Math.max(ms, 1)))}/s`;
  if (done === undefined) return rate;
  // Nobody can tell from the very beginning.
  const left = ms >= 1_000 && done >= 0.01 && done < 1 ? `, ${duration((ms / done) * (1 - done))} left` : '';
  return `${String(Math.floor(done * 100)).padStart(3)} %, ${rate}${left}`;
}

function bar(done: number): string {
  const full = Math.floor(done * barWidth);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
}

/** In the largest unit that tells enough: 90 s, 3 min, 2 h 20 min. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 51317 as 51,317, and where it is said what of, as "51,317 orders" or "1 order". */
export function counted(number: number, what?: string): string {
  const count = grouped(String(number));
  return what === undefined ? count : `${count} ${number === 1 ? what : `${what}s`}`;
}

/** A decimal number with its thousands told apart. */
export function grouped(decimal: string): string {
  return decimal.replace(/\B(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}
