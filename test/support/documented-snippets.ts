import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A block of TypeScript in a text. */
export interface Snippet {
  /** The title of its section. */
  readonly section: string;
  /** The name in its first line, e.g. `client.ts`, by which other snippets import it. */
  readonly file: string | undefined;
  readonly language: 'ts' | 'tsx';
  readonly code: string;
}

/** @param file a Markdown file of this project */
export async function documentedSnippets(file: string): Promise<readonly Snippet[]> {
  const text = await readFile(join(root, file), 'utf8');
  return text.split(/^(?=#+ )/m).flatMap(section => {
    const [, title = ''] = /^#+ (.+)$/m.exec(section) ?? [];
    return [...section.matchAll(/^```(tsx?)\n([^]*?)\n```$/gm)].map(([, language = '', code = '']) => {
      const [, named] = /^\/\/ ([\w-]+\.tsx?)$/m.exec(code.split('\n')[0] ?? '') ?? [];
      return { section: title, file: named, language: language as Snippet['language'], code };
    });
  });
}
