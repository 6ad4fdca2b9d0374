import { builder } from '../../graphql/builder.ts';
import { connectionType } from '../../graphql/connection.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { Viewer } from '../../graphql/viewer.ts';
import { customerDecider } from '../decider.ts';
import { type CustomerNode, findCustomer } from './find-customer.ts';

export const Customer = builder.objectRef<CustomerNode>('Customer').implement({
  description: 'A customer who places orders.',
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: 'The id of the customer, `cus_<uuid>`.', resolve: row => row.customerId }),
    version: t.exposeInt('version', {
      description: "The version of the customer's event stream that this object reflects.",
    }),
    position: t.field({
      type: 'Position',
      description: 'The position of the last event that changed this object.',
      resolve: row => ({ point: row.position, hash: row.hash }),
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'The time at which the customer was registered.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'The time of the last change.' }),
    erasedAt: t.expose('erasedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'The time at which the personal data was erased. After that, name and email are placeholders. Otherwise null.',
    }),
    name: t.exposeString('name', { description: 'The name of the customer.' }),
    email: t.exposeString('email', { description: 'The e-mail address of the customer.' }),
  }),
});

export const CustomerConnection = connectionType(Customer);

registerNode(customerDecider.idPrefix, Customer, findCustomer);

builder.objectField(Viewer, 'customer', t =>
  t.field({
    type: Customer,
    nullable: true,
    description:
      'The customer whose token the viewer uses. Null for staff and operators, and until the customer is registered.',
    resolve: (viewer, _args, context) => (viewer.role === 'customer' ? findCustomer(context, viewer.subject) : null),
  }),
);
