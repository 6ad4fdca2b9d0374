import { createTransport, type NodemailerError } from 'nodemailer';
import { type Mailbox, messageOf } from './mail.ts';

/** Maximum time for a reply of the server, ms. */
const replyTimeoutMs = 30_000;

/**
 * Sends by an SMTP server. At least once: if the process is killed after the server accepted a mail and before the
 * position is stored, it sends the mail again, with the same Message-ID.
 * @param url e.g. `smtp://127.0.0.1:25`, or `smtps://user:password@mail.example.com` with TLS and login
 */
export function smtpMailbox(url: string): Mailbox {
  const server = createTransport({
    url,
    connectionTimeout: replyTimeoutMs,
    greetingTimeout: replyTimeoutMs,
    socketTimeout: replyTimeoutMs,
  });
  return async mail => {
    try {
      await server.sendMail(messageOf(mail));
    } catch (error) {
      const { command, responseCode = 0 } = error as NodemailerError;
      if (command !== 'RCPT TO' || responseCode < 500) throw error;
      // A permanent rejection: retrying it forever would block all other mails.
      console.error(`no mail about ${mail.about}: the SMTP server rejects its address (${responseCode})`);
    }
  };
}
