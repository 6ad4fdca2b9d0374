/** A mail about an order: the same for every attempt to send it. */
export interface Mail {
  /** Id of the order, e.g. `ord_…`: there is one mail for each order. */
  readonly about: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly date: Date;
}

/** Accepts mails for sending. Resolves when the mail cannot be lost any more. */
export type Mailbox = (mail: Mail) => Promise<void>;

/** The mail in the format of RFC 5322. A recipient of two copies recognises them by the Message-ID. */
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

/** Whether the text is one plain address that is safe in a header and in an SMTP command. */
export function isAddress(text: string): boolean {
  return /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(text) && !/[<>()",;:\\]/.test(text);
}
