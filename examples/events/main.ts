// npm run events -- mail   ORDERSTREAM_URL, ORDERSTREAM_TOKEN (staff), STATE_DIR, and MAIL_DIR or SMTP_URL
// npm run events -- relay  ORDERSTREAM_URL, ORDERSTREAM_TOKEN (staff), REDIS_URL, STREAM
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { runCommand } from '../../src/cli/command-line.ts';
import { fileMailbox } from './file-mailbox.ts';
import type { Access } from './follow-log.ts';
import { mailOnSubmit } from './mail-on-submit.ts';
import { positionFile } from './position-file.ts';
import { relayToRedis } from './relay-to-redis.ts';
import { smtpMailbox } from './smtp-mailbox.ts';

const howTo = `npm run events -- mail
  sends a mail for each submitted order. ORDERSTREAM_URL=http://127.0.0.1:4000/graphql
  ORDERSTREAM_TOKEN=<staff token> STATE_DIR=<its own folder> and MAIL_DIR=<folder> or SMTP_URL=smtp://127.0.0.1:25
npm run events -- relay
  relays the log into a Redis stream. ORDERSTREAM_URL, ORDERSTREAM_TOKEN, REDIS_URL=redis://127.0.0.1:6379 STREAM=<name>`;

async function run(what: string | undefined): Promise<number> {
  const { ORDERSTREAM_URL, ORDERSTREAM_TOKEN, STATE_DIR, MAIL_DIR, SMTP_URL, REDIS_URL, STREAM } = process.env;
  const access: Access | undefined =
    ORDERSTREAM_URL && ORDERSTREAM_TOKEN ? { url: ORDERSTREAM_URL, token: ORDERSTREAM_TOKEN } : undefined;
  const mailbox = MAIL_DIR ? fileMailbox(MAIL_DIR) : SMTP_URL ? smtpMailbox(SMTP_URL) : undefined;

  if (what === 'mail' && access && mailbox && STATE_DIR) {
    await mailOnSubmit(access, mailbox, positionFile(join(STATE_DIR, 'mail-on-submit.position')));
    return 0;
  }
  if (what === 'relay' && access && REDIS_URL && STREAM) {
    const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
    // The Redis client reconnects by itself, and pending commands wait for it.
    redis.on('error', (error: Error) => console.error(`Redis: ${error.message}`));
    await relayToRedis(access, redis, STREAM).finally(() => redis.disconnect());
    return 0;
  }
  console.error(howTo);
  return 2;
}

const command = { usage: 'npm run events -- mail | relay', about: howTo, arguments: 1 };
await runCommand(command, ({ positionals: [what] }) => run(what));
