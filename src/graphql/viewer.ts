import type { Actor } from '../commands/decider.ts';
import { builder } from './builder.ts';
import { viewerOf } from './context.ts';

const Role = builder.enumType('Role', {
  description: 'What a viewer may do at all.',
  values: {
    CUSTOMER: { value: 'customer', description: 'Sees and changes what is their own.' },
    STAFF: { value: 'staff', description: 'Sees and changes everything.' },
  },
});

/** Slices add what they know of a viewer. */
export const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Whoever asks, as their token says.',
  rule: 'as-parent',
  fields: t => ({
    subject: t.exposeString('subject', {
      description: "The token's `sub`: a customer's id, or a staff member's name.",
    }),
    role: t.expose('role', { type: Role, description: "The token's `role`." }),
  }),
});

builder.queryField('viewer', t =>
  t.field({
    type: Viewer,
    rule: 'authenticated',
    description: 'Whoever asks.',
    resolve: (_root, _args, context) => viewerOf(context),
  }),
);
