// node .config/release-notes.mjs VERSION: prints the version's section of CHANGELOG.md. Exit code 1 if there is none, or if
// package.json has another version.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param {string} changelog its text
 * @param {string} version e.g. `1.2.3`
 * @returns {string | undefined} the lines below the version's heading, up to that of the version before
 */
export function sectionOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find(text => text.startsWith(`[${version}]`));
  return section?.slice(section.indexOf('\n')).trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [version = ''] = process.argv.slice(2);
  const root = new URL('../', import.meta.url);
  const { version: packaged } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const section = sectionOf(readFileSync(new URL('CHANGELOG.md', root), 'utf8'), version);
  if (packaged !== version) fail(`package.json has version ${packaged}, not ${version}`);
  if (!section) fail(`CHANGELOG.md has no section [${version}]`);
  console.log(section);
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
