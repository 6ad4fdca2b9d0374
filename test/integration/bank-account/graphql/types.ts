import { builder } from '../../../../src/graphql/builder.ts';
import { Node, registerNode } from '../../../../src/graphql/node.ts';
import { accountDecider } from '../decider.ts';
import type { AccountRow } from '../views/account-view.ts';
import { findAccount } from './find-account.ts';

export const Account = builder.objectRef<AccountRow>('Account').implement({
  description: 'A bank account.',
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: 'The id of the account, `acc_<uuid>`.', resolve: row => row.accountId }),
    holder: t.exposeString('holder', { description: 'The name of its holder.' }),
    balance: t.expose('balance', { type: 'SafeInt', description: 'What it holds, in cents.' }),
  }),
});

registerNode(accountDecider.idPrefix, Account, findAccount);
