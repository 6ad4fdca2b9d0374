import type { PlantedFault } from './planted-fault.ts';

/** The hub believes what a hint says, and reads on from there: what lies between is told to nobody. */
export const hintMovesHub: PlantedFault = {
  name: 'a hint moves the hub',
  edits: [
    {
      file: 'live/hub.ts',
      search: 'const endHints = bus.subscribe(topic, look);',
      replace: `const endHints = bus.subscribe(topic, hint => {
        if ('to' in hint && hint.to.point > position.point) position = hint.to;
        look();
      });`,
    },
  ],
};
