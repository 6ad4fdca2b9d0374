import type { PlantedFault } from './planted-fault.ts';

/** Only the point of a position is compared: a subscription resumes from a log that never existed. */
export const foreignHashIgnored: PlantedFault = {
  name: 'hash of another log ignored',
  edits: [
    {
      file: 'event-store/is-of-this-log.ts',
      search: 'if (!position || position.point === 0) return sql`true`;',
      replace: 'if (position !== null) return sql`true`;',
    },
  ],
};
