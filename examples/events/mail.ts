/** A mail, and what it is about: the same for every attempt to send it. */
export interface Mail {
  /** Of the order, e.g. `ord_…`: there is one mail for each. */
  readonly about: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly date: Date;
}

/** Takes mails to be sent. Resolves when the mail will not get lost any more. */
export type Mailbox = (mail: Mail) => Promise<void>;

/** As RFC 5322 has it. Whoever gets it twice can tell by its Message-ID. */
export function messageOf({ about, to, subject, text, date }: Mail): string {
  const lines = [
    `Message-ID: <submitted-${about}@orderstream.invalid>`,
    `Date: ${date.toUTCString()}`,
    'From: Orders <orders@orderstream.invalid>',
    `To: <${to}>`,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? []),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Whether it can stand in a header and in an SMTP command, and is nothing but an address there. */
export function isAddress(text: string): boolean {
  return /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(text) && !/[<>()",;:\\]/.test(text);
}
