import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readEventLines, readHashAt, readKeyLines, readLogEnd } from '../../event-store/archive.ts';
import type { Database } from '../../database/database.ts';
import { formatPosition, positionHashBytes } from '../../event-store/position.ts';
import { StartError } from '../../start-error.ts';
import { counted, openProgress } from '../progress.ts';
import type { Report } from '../report.ts';
import type { EventFile } from './event-file.ts';
import {
  eventFiles,
  type ExportFormat,
  keysName,
  type Manifest,
  readManifest,
  writeManifest,
  writeWhole,
} from './export-folder.ts';

/** Lines in memory at a time. */
const batchSize = 1_000;

export interface ExportOrder {
  readonly folder: string;
  readonly format: ExportFormat;
  /** Whether to write what personal data can be read with: keys, or the data itself. */
  readonly personal: boolean;
}

/**
 * `orderstream export FOLDER`: writes the log, up to its end now, into a folder. If it was killed, a second call with
 * the same folder continues it.
 * @throws StartError if the folder has another export, or one of another log
 */
export async function exportLog(database: Database, order: ExportOrder): Promise<Report> {
  const { folder } = order;
  const found = await readManifest(folder);
  const manifest = found ?? (await begin(database, order));
  await checkSame(database, order, manifest);
  const files = eventFiles(manifest);
  if (!found?.complete) {
    await writeEvents(database, folder, manifest);
    if (manifest.format === 'jsonl') await writeKeys(database, folder, manifest);
    // The log may have been replaced while it was read.
    await checkSame(database, order, manifest);
    await writeManifest(folder, { ...manifest, complete: true });
  }
  const { end, format, personal } = manifest;
  const position = positionOf(manifest);
  const done = found?.complete ? 'was exported before' : 'exported';
  return {
    ok: true,
    lines: [
      `${counted(end.point, 'event')} ${done} as ${format} to ${folder}, up to position ${position}, with at most ${counted(peakMegabytes())} MB of memory`,
    ],
    value: {
      folder,
      format,
      personal,
      position,
      events: end.point,
      files: files.length,
      resumed: found !== undefined,
      peakMegabytes: peakMegabytes(),
    },
  };
}

/** The most memory that this process has used. */
export function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

export function positionOf({ end }: Pick<Manifest, 'end'>): string {
  return formatPosition({ point: end.point, hash: end.hash.slice(0, 2 * positionHashBytes) });
}

async function begin(database: Database, { folder, format, personal }: ExportOrder): Promise<Manifest> {
  const end = await readLogEnd(database);
  const startedAt = new Date().toISOString();
  const manifest = { layout: 1, format, end, personal, startedAt, complete: false } as const;
  await writeManifest(folder, manifest);
  return manifest;
}

async function checkSame(database: Database, order: ExportOrder, manifest: Manifest): Promise<void> {
  const { folder, format, personal } = order;
  if (manifest.format !== format || manifest.personal !== personal) {
    const its = `--format ${manifest.format}${manifest.personal ? ' --personal' : ''}`;
    throw new StartError(`${folder} has an export with ${its}: name another folder`);
  }
  if ((await readHashAt(database, manifest.end.point)) !== manifest.end.hash) {
    throw new StartError(`${folder} has an export of another log: name another folder`);
  }
}

async function writeEvents(database: Database, folder: string, manifest: Manifest): Promise<void> {
  const progress = openProgress(process.stderr, { what: 'event', total: manifest.end.point });
  const writeFile = manifest.format === 'jsonl' ? writeLines : await parquetWriter(manifest.personal);
  for (const { name, first, last } of eventFiles(manifest)) {
    const add = (events: number) => {
      progress.add(events);
    };
    if (existsSync(join(folder, name))) add(last - first + 1);
    else await writeWhole(folder, name, path => writeFile({ database, path, after: first - 1, to: last, add }));
  }
  progress.end();
}

/** Loaded only here: no other command needs the library. */
async function parquetWriter(personal: boolean): Promise<(file: EventFile) => Promise<void>> {
  const { writeParquet } = await import('./write-parquet.ts');
  return file => writeParquet(file, personal);
}

async function writeLines({ database, path, after, to, add }: EventFile): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for (let done = after; done < to; ) {
      const lines = await readEventLines(database, done, Math.min(done + batchSize, to));
      if (lines.length === 0) throw new StartError(`the log has no event ${done + 1}: was it replaced? Start again`);
      await file.appendFile(`${lines.join('\n')}\n`);
      done += lines.length;
      add(lines.length);
    }
  } finally {
    await file.close();
  }
}

/** After the events: so a key that was erased while they were written is not exported. */
async function writeKeys(database: Database, folder: string, { personal }: Manifest): Promise<void> {
  await writeWhole(folder, keysName, async path => {
    const file = await open(path, 'w', 0o600);
    try {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const keys = await readKeyLines(database, after, personal, batchSize);
        if (keys.length > 0) await file.appendFile(`${keys.map(({ line }) => line).join('\n')}\n`);
        after = keys.at(-1)?.id;
      }
    } finally {
      await file.close();
    }
  });
}
