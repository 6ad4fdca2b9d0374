// tsx .config/release-notes.ts VERSION: prints the version's section of CHANGELOG.md. Exit code 1 if there is none, or if
// package.json has another version.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param changelog its text
 * @param version e.g. `1.2.3`
 * @returns the lines below the version's heading, up to that of the version before
 */
export function sectionOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find(text => text.startsWith(`[${version}]`));
  return section?.slice(section.indexOf('\n')).trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [version = ''] = process.argv.slice(2);
  const root = new URL('../', import.meta.url);
  const { version: packaged } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  const section = sectionOf(readFileSync(new URL('CHANGELOG.md', root), 'utf8'), version);
  if (packaged !== version) fail(`package.json has version ${packaged}, not ${version}`);
  if (!section) fail(`CHANGELOG.md has no section [${version}]`);
  console.log(section);
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
