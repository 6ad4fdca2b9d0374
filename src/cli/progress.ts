export interface Progress {
  /** @param size of this part, in units of the total, if that is not the number of counted things */
  add(count: number, size?: number): void;
  /** Prints another line, for which the bar is erased and then drawn again. */
  say(print: () => void): void;
  /** Prints the final state. */
  end(): void;
}

/** Redraw interval on a terminal, ms. */
const redrawIntervalMs = 200;
/** Interval of lines without a terminal, ms. It is longer because lines are not overwritten. */
const lineIntervalMs = 2_000;
const barWidth = 30;

/**
 * Shows the progress of a long task, its rate and the remaining time: on a terminal as a bar that is overwritten,
 * otherwise as a line every few seconds.
 * @param options.what name of the counted thing, in the singular
 * @param options.total undefined if it is unknown, e.g. for the rows that `verify` compares
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
    // Cut to the width: a line that wraps would not be overwritten.
    else
      out.write(`\r\x1b[K${[...(done === undefined ? text : `${bar(done)} ${text}`)].slice(0, out.columns).join('')}`);
  }

  return {
    add(more, sizeOfMore = more) {
      count += more;
      size += sizeOfMore;
      if (shown === undefined || performance.now() - shown >= (out.isTTY ? redrawIntervalMs : lineIntervalMs)) show();
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

/** @param done from 0 to 1; undefined if it is unknown */
export function progressText(progress: { count: number; what: string; done: number | undefined; ms: number }): string {
  const { count, what, done, ms } = progress;
  const rate = `${counted(count, what)}, ${counted(Math.round((count * 1000) / Math.max(ms, 1)))}/s`;
  if (done === undefined) return rate;
  // In the first second or percent an estimate would be too inaccurate.
  const left = ms >= 1_000 && done >= 0.01 && done < 1 ? `, ${duration((ms / done) * (1 - done))} left` : '';
  return `${String(Math.floor(done * 100)).padStart(3)} %, ${rate}${left}`;
}

function bar(done: number): string {
  const full = Math.floor(done * barWidth);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
}

/** In whole units, with the second unit only for hours: 90 s, 3 min, 2 h 20 min. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Formats 51317 as 51,317, or with `what` as "51,317 orders" or "1 order". */
export function counted(number: number, what?: string): string {
  const count = grouped(String(number));
  return what === undefined ? count : `${count} ${number === 1 ? what : `${what}s`}`;
}

/** A decimal number with a comma between thousands. */
export function grouped(decimal: string): string {
  return decimal.replace(/\B(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}
