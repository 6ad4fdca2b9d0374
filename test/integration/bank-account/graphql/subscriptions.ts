import { builder } from '../../../../src/graphql/builder.ts';
import { subscribeToRow } from '../../../../src/graphql/live-field.ts';
import { updateArguments, updateType } from '../../../../src/graphql/live-types.ts';
import { checkedId } from '../../../../src/graphql/node.ts';
import { accountDecider } from '../decider.ts';
import { liveAccounts } from '../views/account-view.ts';
import { maySee } from './find-account.ts';
import { Account } from './types.ts';

builder.subscriptionField('accountUpdated', t =>
  t.field({
    type: updateType(Account, liveAccounts, row => row),
    rule: 'authenticated',
    sharing: 'role',
    description: 'Sends the current account, and sends it again after each change.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the account, `acc_<uuid>`.' }),
      ...updateArguments(liveAccounts),
    },
    subscribe: (_root, { id, after }, context) =>
      subscribeToRow(context, liveAccounts, { id: checkedId(id, accountDecider.idPrefix), after, maySee }),
    resolve: frame => frame,
  }),
);
