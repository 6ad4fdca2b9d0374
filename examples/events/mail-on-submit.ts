import { type Access, followLog, type LogEvent } from './follow-log.ts';
import { isAddress, type Mail, type Mailbox } from './mail.ts';
import type { PositionFile } from './position-file.ts';

interface SubmittedOrder {
  readonly number: string;
  readonly total: { readonly amount: string; readonly currency: string };
  readonly customer: { readonly name: string; readonly email: string; readonly erasedAt: string | null };
}

const query = `query ($id: ID!, $atLeast: Position) { order(id: $id, atLeast: $atLeast) {
  number total { amount currency } customer { name email erasedAt } } }`;

/**
 * The policy "a customer who submits an order gets a mail". The mail is sent before the position is stored. If the
 * process is killed in between, it handles the event again, and the mailbox recognises the order's mail by its name.
 */
export async function mailOnSubmit(access: Access, mailbox: Mailbox, done: PositionFile): Promise<void> {
  for await (const event of followLog(access, await done.read())) {
    if (event.streamType === 'order' && event.type === 'OrderSubmitted') await act(access, mailbox, event);
    await done.write(event.position);
  }
}

async function act(access: Access, mailbox: Mailbox, event: LogEvent): Promise<void> {
  const order = await readOrder(access, event);
  // The customer was erased in the meantime: there is no address.
  if (order.customer.erasedAt !== null || !isAddress(order.customer.email)) return;
  await mailbox(mailOf(order, event));
}

function mailOf({ number, total, customer }: SubmittedOrder, { streamId, recordedAt }: LogEvent): Mail {
  return {
    about: streamId,
    to: customer.email,
    subject: `Your order ${number}`,
    text: `Dear ${customer.name},\n\nwe have your order ${number} over ${total.amount} ${total.currency}. Thank you.\n`,
    date: new Date(recordedAt),
  };
}

/** @throws if it cannot be read now: the policy ends, and resumes with this event at its next start */
async function readOrder({ url, token }: Access, { streamId, position }: LogEvent): Promise<SubmittedOrder> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { id: streamId, atLeast: position } }),
  });
  const { data, errors } = (await response.json()) as { data?: { order: SubmittedOrder | null }; errors?: unknown };
  if (!data?.order) throw new Error(`order ${streamId} could not be read: ${JSON.stringify(errors)}`);
  return data.order;
}
