import type { PlantedFault } from './planted-fault.ts';

/** Subscribers with the same document and variables get what the first of them may see. */
export const firstContextShared: PlantedFault = {
  name: 'context of the first subscriber shared',
  edits: [
    {
      file: 'server/execution/frames/frame-groups.ts',
      search: 'const key = keyOf(args, scope);',
      replace: "const key = keyOf(args, '');",
    },
    {
      file: 'server/execution/frames/frame-groups.ts',
      search: 'const identity = scopeIdentity(args.contextValue, sharedByRole);',
      replace: 'const { identity } = args.contextValue;',
    },
  ],
};
