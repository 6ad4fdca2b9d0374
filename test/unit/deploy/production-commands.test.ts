// The commands of "In production" fit the examples in deploy/: neither Docker, Kubernetes nor systemd runs here.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const folder = new URL('../../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, folder), 'utf8');
const readAll = async (path: string) =>
  (await Promise.all((await readdir(new URL(path, folder))).map(name => read(`${path}/${name}`)))).join('\n');

const page = await read('docs/operating/commands.md');
const section = page.split(/^(?=## )/m).find(part => part.startsWith('## In production\n')) ?? '';
const scripts = [...section.matchAll(/^```sh\n([^]+?)^```$/gm)].map(([, script = '']) => script);

test('a shell can read them', async () => {
  expect(scripts).toHaveLength(2);
  await promisify(execFile)('bash', ['-n', '-c', scripts.join('\n')]);
});

test('the containers, deployments, secrets, files and folders that they name exist', async () => {
  const text = scripts.join('\n').replaceAll('\\\n', ' ');
  const named = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
  const compose = await readAll('deploy/compose');
  const containers = named(/docker compose (?:exec|run --rm(?: --\w+ \S+)*) +([\w-]+)/g);
  expect(containers).toEqual(['api-1', 'migrate']);
  for (const name of containers) expect(compose).toMatch(new RegExp(`^  ${name}:`, 'm'));
  const kubernetes = await readAll('deploy/kubernetes');
  for (const name of [...named(/deployment\/([\w-]+)/g), ...named(/get secret ([\w-]+)/g)]) {
    expect(kubernetes).toMatch(new RegExp(`name: ${name}\\b`));
  }
  const units = await readAll('deploy/systemd');
  for (const file of named(/EnvironmentFile=(\S+)/g)) expect(units).toContain(`EnvironmentFile=${file}\n`);
  for (const path of named(/--working-directory=(\S+)/g)) expect(units).toContain(`WorkingDirectory=${path}\n`);
  const lists = named(/--from (\S+)/g);
  expect(lists).toHaveLength(2);
  for (const list of lists)
    expect([compose, kubernetes, units].join('\n')).toMatch(new RegExp(`ERASURE_LIST\\W.*${list}`));
  for (const user of named(/--uid=(\S+)/g)) expect(units).toContain(`User=${user}\n`);
});
