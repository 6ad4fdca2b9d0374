import { randomUUID } from 'node:crypto';
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { type Mailbox, messageOf } from './mail.ts';
import { syncFolder, writeDurably } from './position-file.ts';

/**
 * A folder with one file for each mail, which another program sends. Exactly once: the file is named after its order
 * and appears complete or not at all. A second attempt, after a kill or by a second process, finds the file. So the
 * program that sends the mails must keep the files or their names.
 */
export function fileMailbox(folder: string): Mailbox {
  const writer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return async mail => {
    await mkdir(folder, { recursive: true });
    // A new name each time: a draft of a killed process may be a hard link to the mail itself.
    const draft = join(folder, `.${mail.about}.${randomUUID()}`);
    const { message } = await writer.sendMail(messageOf(mail));
    await writeDurably(draft, message as Buffer);
    // Unlike rename(), link() never replaces a file.
    await link(draft, join(folder, `${mail.about}.eml`)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    await rm(draft);
    await syncFolder(folder);
  };
}
