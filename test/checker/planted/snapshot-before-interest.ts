import type { PlantedFault } from './planted-fault.ts';

/** The row or list is read first, and only then watched: what changes between is told to nobody. */
export const snapshotBeforeInterest: PlantedFault = {
  name: 'snapshot before interest',
  edits: [
    {
      file: 'live/watch-row.ts',
      search: 'const endInterest = hub.watchRow(id, change => {',
      replace: `let endInterest = (): void => undefined;
  const ear = (change: Parameters<Parameters<typeof hub.watchRow>[1]>[0]): void => {`,
    },
    {
      file: 'live/watch-row.ts',
      search: `  });

  function firstKind`,
      replace: `  };

  function firstKind`,
    },
    {
      file: 'live/watch-row.ts',
      search: 'if (!(await lookAt(firstKind))) throw gone();',
      replace: `if (!(await lookAt(firstKind))) throw gone();
    endInterest = hub.watchRow(id, ear);`,
    },
    {
      file: 'live/watch-list.ts',
      search: 'const endInterest = hub.watchScope(scope, () => {',
      replace: `let endInterest = (): void => undefined;
  const ear = (): void => {`,
    },
    {
      file: 'live/watch-list.ts',
      search: `    wake?.();
  });

  let mine`,
      replace: `    wake?.();
  };

  let mine`,
    },
    {
      file: 'live/watch-list.ts',
      search: 'if (after) await fill();',
      replace: `if (after) await fill();
    endInterest = hub.watchScope(scope, ear);`,
    },
  ],
};
