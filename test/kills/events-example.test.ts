import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileMailbox } from '../../examples/events/file-mailbox.ts';
import { isAddress } from '../../examples/events/mail.ts';
import { mailOnSubmit } from '../../examples/events/mail-on-submit.ts';
import { positionFile } from '../../examples/events/position-file.ts';
import { smtpMailbox } from '../../examples/events/smtp-mailbox.ts';
import { CreateOrderDocument, SubmitOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { type Child, startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openTcpServer } from '../support/tcp-server.ts';
import { useShop } from '../support/use-shop.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { database, app, shop } = useShop();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderstream-events-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const access = () => ({ url: `${app.url}/graphql`, token: shop.staff });

async function submitted(): Promise<string> {
  const { token } = shop.customer;
  const items = [{ productId: shop.productId, quantity: 1 }];
  const { orderId } = accepted(await post(app.url, CreateOrderDocument, { input: { items } }, { token }));
  accepted(await post(app.url, SubmitOrderDocument, { input: { orderId } }, { token }));
  return orderId;
}

/** Ids of all submitted orders, in the log's order. */
async function submittedOrders(): Promise<string[]> {
  const { rows } = await onDatabase(database.url, client =>
    client.query<{ id: string }>(
      `SELECT stream_id AS id FROM events WHERE type = 'OrderSubmitted' ORDER BY events.position`,
    ),
  );
  return rows.map(({ id }) => id);
}

/** `npm run events` without npm, which would survive a kill. */
function started(what: string, env: Record<string, string>): Child {
  return startChild(process.execPath, ['--import', 'tsx', 'examples/events/main.ts', what], {
    cwd: root,
    env: { PATH: process.env['PATH'], ORDERSTREAM_URL: access().url, ORDERSTREAM_TOKEN: access().token, ...env },
  });
}

/** Kills it each time that a part of its work is done, and starts it again; the last one keeps running. */
async function killedInBetween(start: () => Child, done: () => Promise<number>, kills: number): Promise<Child> {
  for (let left = kills; ; left--) {
    const before = await done();
    const child = start();
    const work = submitted();
    await eventually(async () => expect(await done()).toBeGreaterThan(before));
    await work;
    if (left === 0) return child;
    child.kill('SIGKILL');
    await child.exited;
  }
}

/** A mailbox or position file that fails: with `after`, the operation was done, but its caller gets an error. */
function dying<Given>(
  act: (given: Given) => Promise<void>,
  at: number,
  after: boolean,
): (given: Given) => Promise<void> {
  let calls = 0;
  return async given => {
    const dies = ++calls === at;
    if (!dies || after) await act(given);
    if (dies) throw new Error('dead');
  };
}

describe('a policy that sends a mail for each submitted order', () => {
  test('into a folder: exactly one mail for each order, wherever the policy was killed', async () => {
    const [mails, state] = [join(folder, 'mails'), join(folder, 'state')];
    const orders = [await submitted(), await submitted(), await submitted()];
    const done = positionFile(join(state, 'position'));
    for (const after of [false, true]) {
      const mailbox = dying(fileMailbox(mails), 1, after);
      await expect(mailOnSubmit(access(), mailbox, done)).rejects.toThrow('dead');
      const write = dying((position: string) => done.write(position), 2, after);
      await expect(mailOnSubmit(access(), fileMailbox(mails), { ...done, write })).rejects.toThrow('dead');
    }
    const child = await killedInBetween(
      () => started('mail', { STATE_DIR: state, MAIL_DIR: mails }),
      async () => (await readdir(mails)).filter(name => name.endsWith('.eml')).length,
      1,
    );
    const all = await submittedOrders();
    expect(all).toEqual(expect.arrayContaining(orders));
    await eventually(async () => {
      const names = (await readdir(mails)).filter(name => !name.startsWith('.'));
      expect(names.sort()).toEqual(all.map(id => `${id}.eml`).sort());
    });
    child.kill('SIGKILL');
    await child.exited;
    const mail = unfolded(await readFile(join(mails, `${orders[0]}.eml`), 'utf8'));
    expect(mail).toContain(`Message-ID: <submitted-${orders[0]}@orderstream.invalid>\r\n`);
    expect(mail).toContain('To: ada@example.com\r\n');
    expect(mail).toContain('\r\n\r\nDear Ada Lovelace,\r\n\r\nwe have your order ');
  });

  test('by SMTP: a mail is sent twice, with the same Message-ID, only if the policy was killed between the server’s answer and its own record', async () => {
    const order = await submitted();
    const all = await submittedOrders();
    const smtp = await openSmtpServer();
    try {
      const done = positionFile(join(folder, 'smtp-position'));
      // It fails after the last mail was accepted.
      const mailbox = dying(smtpMailbox(smtp.url), all.length, true);
      await expect(mailOnSubmit(access(), mailbox, done)).rejects.toThrow('dead');
      expect(smtp.mails.map(idOf)).toEqual(all);
      const end = dying(smtpMailbox(smtp.url), 1, true);
      await expect(mailOnSubmit(access(), end, done)).rejects.toThrow('dead');
      expect(smtp.mails.map(idOf)).toEqual([...all, order]);
      expect(smtp.mails.at(-1)).toBe(smtp.mails.at(-2));
    } finally {
      await smtp.close();
    }
  });

  test('no address injects a header or an SMTP command', () => {
    expect(isAddress('ada@example.com')).toBe(true);
    for (const text of ['ada@example.com\r\nBcc: x@y.z', 'a b@c.d', 'a>@b.c', 'a', '', 'ä@b.c']) {
      expect(isAddress(text)).toBe(false);
    }
  });
});

describeWithRedis('a relay into a Redis stream', () => {
  test('has each event of the log once, in order, as a CloudEvent, although it was killed, ran twice and its Redis lost entries', async () => {
    const stream = `events-example-${process.pid}-${Date.now()}`;
    const redis = new Redis(redisUrl());
    redis.on('error', () => undefined);
    try {
      await submitted();
      const start = () => started('relay', { REDIS_URL: redisUrl(), STREAM: stream });
      const first = await killedInBetween(start, () => redis.xlen(stream), 1);
      const second = start();
      const older = await redis.dumpBuffer(stream);
      await submitted();
      await eventually(async () => expect(await relayed()).toEqual(await logged()));
      // Simulates a Redis that restarts from an older file.
      const stored = (await logged()).length;
      const answers = await redis.multi().restore(stream, 0, older, 'REPLACE').xlen(stream).exec();
      expect(answers?.[1]?.[1]).toBeLessThan(stored);
      await submitted();
      await eventually(async () => expect(await relayed()).toEqual(await logged()));
      for (const child of [first, second]) {
        child.kill('SIGKILL');
        await child.exited;
      }
      const newest = (await redis.xrevrange(stream, '+', '-', 'COUNT', 1))[0];
      expect(JSON.parse(newest?.[1][3] ?? '')).toMatchObject({
        specversion: '1.0',
        source: '/orderstream/order',
        type: 'orderstream.order.OrderSubmitted',
        datacontenttype: 'application/json',
        subject: (await submittedOrders()).at(-1),
      });
    } finally {
      await redis.del(stream);
      redis.disconnect();
    }

    async function relayed(): Promise<string[]> {
      const entries = await redis.xrange(stream, '-', '+');
      return entries.map(([id, [, , , event = '{}']]) => {
        const { subject, streamversion } = JSON.parse(event) as { subject: string; streamversion: number };
        return `${id} ${subject} ${streamversion}`;
      });
    }

    function logged(): Promise<string[]> {
      return onDatabase(database.url, async client => {
        const { rows } = await client.query<{ line: string }>(
          `SELECT position || '-0 ' || stream_id || ' ' || version AS line FROM events ORDER BY events.position`,
        );
        return rows.map(({ line }) => line);
      });
    }
  });
});

/** The order that a mail is about. */
function idOf(mail: string): string | undefined {
  return /^Message-ID: <submitted-(ord_[^@]+)@/m.exec(unfolded(mail))?.[1];
}

/** Each header in one line, as a mail reader takes it: a long one is sent as several. */
function unfolded(mail: string): string {
  return mail.replaceAll(/\r?\n(?=[ \t])/g, '');
}

/** An SMTP server that accepts everything. */
async function openSmtpServer(): Promise<{ url: string; mails: string[]; close(): Promise<void> }> {
  const mails: string[] = [];
  const { port, close } = await openTcpServer('an SMTP server', socket => {
    let mail: string[] | undefined;
    socket.write('220 here\r\n');
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', line => {
      if (mail && line === '.') {
        mails.push(mail.join('\n'));
        mail = undefined;
        socket.write('250 taken\r\n');
      } else if (mail) mail.push(line);
      else if (line === 'QUIT') socket.end('221 bye\r\n');
      else if (line === 'DATA') {
        mail = [];
        socket.write('354 go on\r\n');
      } else socket.write(line.startsWith('EHLO') ? '250-here\r\n250 8BITMIME\r\n' : '250 yes\r\n');
    });
  });
  return { url: `smtp://127.0.0.1:${port}`, mails, close };
}
