import type { PlantedFault } from './planted-fault.ts';

/** A token that was valid when the subscription began is valid for ever. */
export const expiryIgnored: PlantedFault = {
  name: 'expiry ignored',
  edits: [
    {
      file: 'server/execution/frames/subscription-frames.ts',
      search: 'if (Date.now() >= this.#expiresAt * 1000)',
      replace: 'if (Date.now() < 0 * this.#expiresAt)',
    },
    { file: 'async/call-at.ts', search: '  arm();\n  return', replace: '  return' },
  ],
};
