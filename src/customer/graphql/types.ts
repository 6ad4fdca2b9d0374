import { builder } from '../../graphql/builder.ts';
import { connectionType } from '../../graphql/connection.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { Viewer } from '../../graphql/viewer.ts';
import { type CustomerNode, findCustomer } from './find-customer.ts';

export const Customer = builder.objectRef<CustomerNode>('Customer').implement({
  description: 'Whoever orders.',
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: '`cus_<uuid>`.', resolve: row => row.customerId }),
    version: t.exposeInt('version', { description: "Version of the customer's event stream that this row reflects." }),
    position: t.field({
      type: 'Position',
      description: 'Position of the last event that changed this row.',
      resolve: row => ({ point: row.position, hash: row.hash }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When they registered.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When this last changed.' }),
    erasedAt: t.expose('erasedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Their personal data was erased: name and email are placeholders.',
    }),
    name: t.exposeString('name', { description: 'What they are called.' }),
    email: t.exposeString('email', { description: 'Where mail reaches them.' }),
  }),
});

export const CustomerConnection = connectionType(Customer);

registerNode('cus', Customer, findCustomer);

builder.objectField(Viewer, 'customer', t =>
  t.field({
    type: Customer,
    nullable: true,
    description: 'The customer that the viewer is; null for staff, and before they have registered.',
    resolve: (viewer, _args, context) => (viewer.role === 'customer' ? findCustomer(context, viewer.subject) : null),
  }),
);
