import type { ErasureOrder } from '../../commands/erase-personal-data.ts';
import { builder } from '../../graphql/builder.ts';
import { codedError } from '../../graphql/coded-error.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { commandField, idempotencyKeyDescription } from '../../graphql/command-field.ts';
import { type Accepted, commandResult } from '../../graphql/command-result.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import { idIssues, isVisible, textIssues } from '../../graphql/text-input.ts';
import { customerDecider } from '../decider.ts';
import { longestEmail, longestName } from '../domain/limits.ts';
import { Customer } from './types.ts';

const RegisterCustomerInput = builder.inputType('RegisterCustomerInput', {
  description: 'The data of a new customer.',
  fields: t => ({
    customerId: t.id({
      description: "The id of the customer. The default is the viewer's own id; for staff, it is a new id.",
    }),
    name: t.string({ required: true, description: `The name of the customer, at most ${longestName} characters.` }),
    email: t.string({
      required: true,
      description: `The e-mail address of the customer, at most ${longestEmail} characters.`,
    }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const RenameCustomerInput = builder.inputType('RenameCustomerInput', {
  description: 'The new name of a customer.',
  fields: t => ({
    customerId: t.id({ required: true, description: 'The id of the customer, `cus_<uuid>`.' }),
    name: t.string({ required: true, description: `The name of the customer, at most ${longestName} characters.` }),
    expectedVersion: t.int({
      description:
        'If it is set and the customer is at another version, the command fails with a VersionConflictError.',
    }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const EraseCustomerInput = builder.inputType('EraseCustomerInput', {
  description: 'The customer to erase.',
  fields: t => ({
    customerId: t.id({ required: true, description: 'The id of the customer, `cus_<uuid>`.' }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const CustomerCommandResult = commandResult('customer', Customer, {
  payload: 'The result of a customer command that was accepted. Its events are stored.',
  result: 'The result of a customer command.',
});

commandField({
  name: 'registerCustomer',
  description: 'Registers a customer. Customers can register only themselves; staff can register any customer.',
  rule: 'authenticated',
  noun: 'customer',
  input: RegisterCustomerInput,
  result: CustomerCommandResult,
  decider: customerDecider,
  toCommand({ customerId, name, email }, context, ids) {
    const { role, subject } = viewerOf(context);
    if (role === 'customer' && customerId != null && customerId !== subject) {
      throw codedError('FORBIDDEN', 'Customers can register only themselves.');
    }
    const issues = [
      ...idIssues(['input', 'customerId'], 'cus', customerId),
      ...textIssues(['input', 'name'], name, longestName),
      ...emailIssues(email),
    ];
    if (issues.length > 0) return { issues };
    const streamId = role === 'customer' ? subject : (customerId ?? ids.derive('cus', 'customer'));
    return { streamId, command: { type: 'RegisterCustomer', customerId: streamId, name, email } as const };
  },
});

commandField({
  name: 'renameCustomer',
  description: 'Renames a customer. Customers can rename only themselves; staff can rename any customer.',
  rule: 'authenticated',
  noun: 'customer',
  input: RenameCustomerInput,
  result: CustomerCommandResult,
  decider: customerDecider,
  toCommand({ customerId, name }) {
    const issues = [
      ...idIssues(['input', 'customerId'], 'cus', customerId),
      ...textIssues(['input', 'name'], name, longestName),
    ];
    return issues.length > 0
      ? { issues }
      : { streamId: customerId, command: { type: 'RenameCustomer', name } as const };
  },
});

commandField({
  name: 'eraseCustomer',
  description:
    'Erases the personal data of a customer permanently, also in their orders (operators only). The key that encrypts the data is deleted, so nobody can read the data any more, not even in the log. Orders and totals stay. If the result is the error OUTCOME_UNKNOWN, repeat the command: it continues where it stopped.',
  rule: 'operator',
  noun: 'customer',
  input: EraseCustomerInput,
  result: CustomerCommandResult,
  decider: customerDecider,
  toCommand({ customerId }, { dependencies: { mayErase } }) {
    const issues = idIssues(['input', 'customerId'], 'cus', customerId);
    if (issues.length > 0) return { issues };
    if (!mayErase) throw codedError('FORBIDDEN', 'This server may not erase: its setting ERASURE_LIST is missing.');
    return { streamId: customerId, command: { type: 'EraseCustomer' } as const };
  },
  afterwards: eraseElsewhere,
});

/**
 * The customer's own stream records the erasure, with the name of the operator. Only then the database lets this process
 * delete the key. After that, the orders get their events.
 */
async function eraseElsewhere(
  accepted: Accepted,
  call: Pick<ErasureOrder, 'actor' | 'correlationId' | 'now'>,
  { dependencies }: Context,
): Promise<Accepted> {
  const { streamId: subject, position } = accepted;
  const erasure = await dependencies.erase({ ...call, subject, alreadyErased: subject });
  return { ...accepted, position: erasure && erasure.position.point > position.point ? erasure.position : position };
}

/** Checks only the form of the address. Whether it exists can only be checked by sending mail. */
function emailIssues(email: string): InputIssue[] {
  const path = ['input', 'email'];
  const issues = textIssues(path, email, longestEmail);
  // Only then: it looks at each character, and one that is too long may be a megabyte.
  if (issues.length > 0) return issues;
  if (/^[^\s@]+@[^\s@]+$/.test(email) && email.split('@').every(isVisible)) return [];
  return [{ path, message: 'email has to be an address like name@example.com.' }];
}
