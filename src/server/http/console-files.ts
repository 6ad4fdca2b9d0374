import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How a browser may get a file: compressed, or as it is. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** A file of the console, in all encodings. */
export interface ConsoleFile {
  readonly type: string;
  readonly tag: string;
  readonly contents: ReadonlyMap<Encoding, Buffer>;
}

/** What `npm run build` wrote into dist/console. */
export interface ConsoleFiles {
  /** The page, for a server with this login. */
  readonly pageWith: (login: object | undefined) => ConsoleFile;
  /** By URL path, e.g. `/assets/main-8f3a.js`. A request never names a path on the disk. */
  readonly assets: ReadonlyMap<string, ConsoleFile>;
  /** Paths of the pages; a part that begins with a colon matches any text. */
  readonly routes: readonly string[];
  /** The texts that the page sends, by their SHA-256. */
  readonly documents: ReadonlyMap<string, string>;
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  svg: 'image/svg+xml',
};
const suffixes = { br: '.br', gzip: '.gz', identity: '' } as const;
/** The place in index.html where the server says how one signs in. */
const signInMark = 'name="orderstream-sign-in" content="token"';
/** The place where it says where. */
const loginMark = 'name="orderstream-login" content=""';

/**
 * Reads all files, so that none is read for a request.
 * @param signsDevelopmentTokens whether the page may sign its tokens with the development key
 * @returns undefined if the console was not built
 */
export async function readConsoleFiles(
  folder: string,
  signsDevelopmentTokens: boolean,
): Promise<ConsoleFiles | undefined> {
  const names = await readdir(join(folder, 'assets')).catch(() => undefined);
  if (names === undefined) return undefined;
  const facts = JSON.parse(await readFile(join(folder, 'server.json'), 'utf8')) as {
    readonly routes: readonly string[];
    readonly documents: Readonly<Record<string, string>>;
  };
  const assets = await Promise.all(
    names
      .filter(name => extensionOf(name) in types)
      .map(async name => [`/assets/${name}`, await readEncodings(join(folder, 'assets', name))] as const),
  );
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  const page = signsDevelopmentTokens ? html.replace(signInMark, signInMark.replace('token"', 'development"')) : html;
  return {
    // Not compressed: it is 1 kB, and differs from the file that the build has compressed.
    pageWith(login) {
      const text = login ? page.replace(loginMark, () => loginMark.replace('""', `"${attributeOf(login)}"`)) : page;
      return fileOf('html', new Map([['identity', Buffer.from(text)]]));
    },
    assets: new Map(assets),
    routes: facts.routes,
    documents: new Map(Object.entries(facts.documents)),
  };
}

/** JSON as the text of an HTML attribute. */
function attributeOf(value: object): string {
  return JSON.stringify(value).replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

async function readEncodings(path: string): Promise<ConsoleFile> {
  const contents = Object.entries(suffixes).map(
    async ([encoding, suffix]) => [encoding as Encoding, await readFile(`${path}${suffix}`)] as const,
  );
  return fileOf(extensionOf(path), new Map(await Promise.all(contents)));
}

function fileOf(extension: string, contents: ReadonlyMap<Encoding, Buffer>): ConsoleFile {
  const content = contents.get('identity') ?? '';
  return {
    type: types[extension] ?? '',
    tag: createHash('sha256').update(content).digest('base64url').slice(0, 22),
    contents,
  };
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
