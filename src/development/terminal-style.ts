import { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Gives a text a colour or a weight. */
export type Style = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;

export const plain: Style = (_format, text) => text;

/**
 * Colours if the output is a terminal that has them. NO_COLOR switches them off, FORCE_COLOR on, as for Node's own output.
 * @param out where the text is printed
 */
export function styleFor(out: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const asked = out.isTTY === true || env['FORCE_COLOR'] !== undefined;
  if (!asked || !WriteStream.prototype.hasColors(env)) return plain;
  // What Node's own check of its standard output says does not matter: `out` was checked.
  return (format, text) => styleText(format, text, { validateStream: false });
}
