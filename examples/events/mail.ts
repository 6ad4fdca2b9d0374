import type { SendMailOptions } from 'nodemailer';

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

/** The mail as nodemailer takes it. A recipient of two copies recognises them by the Message-ID. */
export function messageOf({ about, to, subject, text, date }: Mail): SendMailOptions {
  return {
    messageId: `<submitted-${about}@orderstream.invalid>`,
    date,
    from: 'Orders <orders@orderstream.invalid>',
    to,
    subject,
    text,
  };
}

/** Whether the text is one plain address that is safe in a header and in an SMTP command. */
export function isAddress(text: string): boolean {
  return /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(text) && !/[<>()",;:\\]/.test(text);
}
