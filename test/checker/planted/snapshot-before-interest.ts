import type { PlantedFault } from './planted-fault.ts';

/** The row or list is read before the subscriber is registered: a change in between reaches no subscriber. */
export const snapshotBeforeInterest: PlantedFault = {
  name: 'snapshot before interest',
  edits: [
    {
      file: 'live/watch-row.ts',
      search: `const endInterest = hub.watchRow(id, watch);
  await watch.begin(after, endInterest);`,
      replace: `let endInterest = (): void => undefined;
  await watch.begin(after, () => endInterest());
  endInterest = hub.watchRow(id, watch);`,
    },
    {
      file: 'live/watch-list.ts',
      search: 'const endInterest = hub.watchScope(scope, hear);',
      replace: 'let endInterest = (): void => undefined;',
    },
    {
      file: 'live/watch-list.ts',
      search: 'if (after) await fill();',
      replace: `if (after) await fill();
    endInterest = hub.watchScope(scope, hear);`,
    },
  ],
};
