import type { PlantedFault } from './planted-fault.ts';

/** The pending slot keeps the older state and drops the newer one. */
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
