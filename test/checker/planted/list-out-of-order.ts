import type { PlantedFault } from './planted-fault.ts';

/** The rows of a list come newest first. */
export const listOutOfOrder: PlantedFault = {
  name: 'list frames out of position order',
  edits: [
    {
      file: 'live/watch-list.ts',
      search: 'for (const row of changes.rows) {',
      replace: 'for (const row of [...changes.rows].reverse()) {',
    },
  ],
};
