import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Mailbox, messageOf } from './mail.ts';

/** Maximum time for a reply of the server, ms. */
const replyTimeoutMs = 30_000;

/**
 * Sends by the SMTP server of this host, `smtp://127.0.0.1:25`, without TLS and login. At least once: if the process
 * is killed after the server accepted a mail and before the position is stored, it sends the mail again, with the
 * same Message-ID.
 */
export function smtpMailbox(url: string): Mailbox {
  const { hostname, port } = new URL(url);
  return async mail => {
    const socket = connect({ host: hostname, port: Number(port || 25) });
    socket.setTimeout(replyTimeoutMs, () => socket.destroy(new Error('the SMTP server does not answer')));
    try {
      const answers = answersOf(socket);
      expectCode(await answerOf(answers), '220');
      const message = messageOf(mail).replace(/^\./gm, '..');
      for (const [command, code] of [
        ['EHLO localhost', '250'],
        ['MAIL FROM:<orders@orderstream.invalid>', '250'],
        [`RCPT TO:<${mail.to}>`, '250'],
        ['DATA', '354'],
        [`${message}.`, '250'],
      ] as const) {
        socket.write(`${command}\r\n`);
        const answer = await answerOf(answers);
        if (command.startsWith('RCPT') && answer.startsWith('5')) {
          // A permanent rejection: retrying it forever would block all other mails.
          console.error(`no mail about ${mail.about}: the SMTP server rejects its address (${answer.slice(0, 3)})`);
          return;
        }
        expectCode(answer, code);
      }
      socket.end('QUIT\r\n');
      // The server has accepted the mail, so an error after that does not matter.
      await once(socket, 'close').catch(() => undefined);
    } finally {
      socket.destroy();
    }
  };
}

/** Yields the last line of each reply. */
async function* answersOf(socket: Socket): AsyncGenerator<string, undefined> {
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    if (/^\d{3}(?: |$)/.test(line)) yield line;
  }
  return undefined;
}

async function answerOf(answers: AsyncGenerator<string, undefined>): Promise<string> {
  const { value } = await answers.next();
  return value ?? 'nothing';
}

function expectCode(answer: string, code: string): void {
  if (!answer.startsWith(code)) throw new Error(`the SMTP server said: ${answer}`);
}
