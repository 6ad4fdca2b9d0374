import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** Debian puts servers into folders that are not on the PATH of every user. */
const moreFolders = ['/usr/sbin', '/usr/local/sbin'];

/** The path of an installed program; undefined if there is none of these names. */
export function installedProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...moreFolders];
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable);
}

/** `describe` for a suite that needs programs. Without one of them it is skipped, and its name says what to install. */
export function describeWithPrograms(programs: readonly string[], name: string, suite: () => void): void {
  const missing = programs.filter(program => installedProgram(program) === undefined);
  const howToRun = `needs ${missing.join(' and ')}: put ${missing.length > 1 ? 'them' : 'it'} on PATH`;
  describe.skipIf(missing.length > 0)(missing.length > 0 ? `${name} (${howToRun})` : name, suite);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
