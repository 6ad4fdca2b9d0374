import { builder } from '../../graphql/builder.ts';
import { codedError } from '../../graphql/coded-error.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { commandField } from '../../graphql/command-field.ts';
import { commandResult } from '../../graphql/command-result.ts';
import { viewerOf } from '../../graphql/context.ts';
import { idIssues, isVisible, textIssues } from '../../graphql/text-input.ts';
import { customerDecider } from '../decider.ts';
import { longestEmail, longestName } from '../domain/limits.ts';
import { Customer } from './types.ts';

const idempotencyKeyDescription = 'The same key makes a repeat of the same command.';

const RegisterCustomerInput = builder.inputType('RegisterCustomerInput', {
  description: 'A new customer.',
  fields: t => ({
    customerId: t.id({ description: "Left out: the viewer's own, for staff a new one." }),
    name: t.string({ required: true, description: `At most ${longestName} characters.` }),
    email: t.string({ required: true, description: `At most ${longestEmail} characters.` }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const RenameCustomerInput = builder.inputType('RenameCustomerInput', {
  description: "A customer's new name.",
  fields: t => ({
    customerId: t.id({ required: true, description: '`cus_<uuid>`.' }),
    name: t.string({ required: true, description: `At most ${longestName} characters.` }),
    expectedVersion: t.int({ description: 'Refuse where the customer is at another version.' }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const CustomerCommandResult = commandResult('customer', Customer, {
  payload: 'A customer command was accepted: its events are stored.',
  result: 'What became of a customer command.',
});

commandField({
  name: 'registerCustomer',
  description: 'Registers a customer: a customer themself, staff anyone.',
  rule: 'authenticated',
  noun: 'customer',
  input: RegisterCustomerInput,
  result: CustomerCommandResult,
  decider: customerDecider,
  toCommand({ customerId, name, email }, context, ids) {
    const { role, subject } = viewerOf(context);
    if (role === 'customer' && customerId != null && customerId !== subject) {
      throw codedError('FORBIDDEN', 'A customer registers themself only.');
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
  description: 'Renames a customer: a customer themself, staff anyone.',
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

/** No more than that it could be an address: whether mail arrives there, only mail tells. */
function emailIssues(email: string): InputIssue[] {
  const path = ['input', 'email'];
  const issues = textIssues(path, email, longestEmail);
  // Only then: it looks at each character, and one that is too long may be a megabyte.
  if (issues.length > 0) return issues;
  if (/^[^\s@]+@[^\s@]+$/.test(email) && email.split('@').every(isVisible)) return [];
  return [{ path, message: 'email has to be an address like name@example.com.' }];
}
