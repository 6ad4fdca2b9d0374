import { randomUUID } from 'node:crypto';
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Mailbox, messageOf } from './mail.ts';
import { syncFolder, writeDurably } from './position-file.ts';

/**
 * A folder with a file for each mail, for whatever sends them. Exactly once: the file has the name of what it is about,
 * and comes to that name whole or not at all. A second attempt, after a death or by a second process, finds it there: so
 * whatever sends the mails has to leave them, or their names, where they are.
 */
export function fileMailbox(folder: string): Mailbox {
  return async mail => {
    await mkdir(folder, { recursive: true });
    // Its own each time: a draft that a death left behind may be the mail itself, by another name.
    const draft = join(folder, `.${mail.about}.${randomUUID()}`);
    await writeDurably(draft, messageOf(mail));
    // Unlike rename(), it replaces nothing.
    await link(draft, join(folder, `${mail.about}.eml`)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    await rm(draft);
    await syncFolder(folder);
  };
}
