import type { PlantedFault } from './planted-fault.ts';

/**
 * The hint is published before the rows are stored: a hub that reads at once finds nothing, and waits for the next
 * tick.
 */
export const publishBeforeCommit: PlantedFault = {
  name: 'publish before commit',
  edits: [
    {
      file: 'projections/projector.ts',
      search: `    database,
    store,
    views,`,
      replace: `    database,
    store: {
      ...store,
      async readLog(after: number, limit: number) {
        const events = await store.readLog(after, limit);
        const last = events.at(-1);
        if (last) onProjected({ point: last.position, hash: last.hash });
        return events;
      },
    },
    views,`,
    },
    { file: 'projections/projector.ts', search: 'if (to && to !== from) onProjected(to.position);', replace: '' },
  ],
};
