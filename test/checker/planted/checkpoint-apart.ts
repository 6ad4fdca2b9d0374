import type { PlantedFault } from './planted-fault.ts';

/**
 * The checkpoint moves in its own transaction before the rows: a read in between reports a position whose rows are
 * missing.
 */
export const checkpointApart: PlantedFault = {
  name: 'checkpoint in a transaction of its own',
  edits: [
    {
      file: 'projections/write-rows.ts',
      search: `    WITH \${moving} \${parts.length > 0 ? Prisma.join(parts, '') : Prisma.empty}
    SELECT 1 FROM moved\`;`,
      replace: `    WITH \${moving} SELECT 1 FROM moved\`;
  if (moved.length > 0 && parts.length > 0) {
    await database.$queryRaw\`WITH moved AS (SELECT 1) \${Prisma.join(parts, '')} SELECT 1\`;
  }`,
    },
  ],
};
