import type { PlantedFault } from './planted-fault.ts';

/** A token that was good when the subscription began is good for ever. */
export const expiryIgnored: PlantedFault = {
  name: 'expiry ignored',
  edits: [
    {
      file: 'graphql/frames.ts',
      search: 'if (isExpired(context)) return',
      replace: 'if (context === undefined) return',
    },
    { file: 'graphql/timer.ts', search: '  arm();\n  return', replace: '  return' },
  ],
};
