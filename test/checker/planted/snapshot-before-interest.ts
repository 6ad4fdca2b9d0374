import type { PlantedFault } from './planted-fault.ts';

/** The row or list is read before the subscriber is registered: a change in between reaches no subscriber. */
export const snapshotBeforeInterest: PlantedFault = {
  name: 'snapshot before interest',
  edits: [
    {
      file: 'live/watch-row.ts',
      search: `const unregister = hub.watchRow(id, watch);
  await watch.begin(after, unregister);`,
      replace: `let unregister = (): void => undefined;
  await watch.begin(after, () => unregister());
  unregister = hub.watchRow(id, watch);`,
    },
    {
      file: 'live/watch-list.ts',
      search: 'const unregister = hub.watchScope(scope, onChange);',
      replace: 'let unregister = (): void => undefined;',
    },
    {
      file: 'live/watch-list.ts',
      search: 'if (after) await fill();',
      replace: `if (after) await fill();
    unregister = hub.watchScope(scope, onChange);`,
    },
  ],
};
