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
      search: `    WITH \${moving} \${parts.length > 0 ? sql.join(parts, '') : sql.empty}
    SELECT 1 FROM moved\`);`,
      replace: `    WITH \${moving} SELECT 1 FROM moved\`);
  if (moved.length > 0 && parts.length > 0) {
    await database.query(sql\`WITH moved AS (SELECT 1) \${sql.join(parts, '')} SELECT 1\`);
  }`,
    },
  ],
};
