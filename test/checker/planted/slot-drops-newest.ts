import type { PlantedFault } from './planted-fault.ts';

/** A pending state stays, and the newer one is dropped. */
export const slotDropsNewest: PlantedFault = {
  name: 'slot dropping the newest',
  edits: [
    {
      file: 'live/watch-row.ts',
      search: "const pending = slot?.kind === 'SNAPSHOT'",
      replace: `if (slot && kind === 'UPDATE') return;
    const pending = slot?.kind === 'SNAPSHOT'`,
    },
  ],
};
