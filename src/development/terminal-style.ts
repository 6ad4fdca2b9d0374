import { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Formats a text with a colour or weight. */
export type Style = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;

export const plain: Style = (_format, text) => text;

/**
 * Returns a formatter: it adds colours if the output is a terminal that supports them. As in Node, NO_COLOR switches
 * them off and FORCE_COLOR on.
 * @param out where the text is printed
 */
export function styleFor(out: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const wantsColors = out.isTTY === true || env['FORCE_COLOR'] !== undefined;
  if (!wantsColors || !WriteStream.prototype.hasColors(env)) return plain;
  // `out` was checked above, so Node must not check its own standard output.
  return (format, text) => styleText(format, text, { validateStream: false });
}
