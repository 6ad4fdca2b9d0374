import type { PlantedFault } from './planted-fault.ts';

/** Only the point of a position counts: one of a log that never was is gone on from. */
export const foreignHashIgnored: PlantedFault = {
  name: 'hash of another log ignored',
  edits: [
    {
      file: 'event-store/is-of-this-log.ts',
      search: 'if (!position || position.point === 0) return Prisma.sql`true`;',
      replace: 'if (position !== null) return Prisma.sql`true`;',
    },
  ],
};
