import type { Actor } from '../commands/decider.ts';
import { builder } from './builder.ts';
import { viewerOf } from './context.ts';

export const Role = builder.enumType('Role', {
  description: 'The role of a viewer. It decides what the viewer may do.',
  values: {
    CUSTOMER: { value: 'customer', description: 'A customer sees and changes their own data.' },
    STAFF: { value: 'staff', description: 'A staff member sees and changes everything.' },
    OPERATOR: {
      value: 'operator',
      description:
        'An operator may do everything that staff may, and in addition operate the read models and erase customers.',
    },
  },
});

/** Slices add their own fields to the viewer. */
export const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'The authenticated caller, as described by the token.',
  rule: 'as-parent',
  fields: t => ({
    subject: t.exposeString('subject', {
      description: "The token's `sub`: the id of a customer, or the name of a staff member or operator.",
    }),
    role: t.expose('role', { type: Role, description: "The token's `role`." }),
  }),
});

builder.queryField('viewer', t =>
  t.field({
    type: Viewer,
    rule: 'authenticated',
    description: 'Returns the authenticated caller.',
    resolve: (_root, _args, context) => viewerOf(context),
  }),
);
