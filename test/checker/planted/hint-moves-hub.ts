import type { PlantedFault } from './planted-fault.ts';

/** The hub trusts the position in a hint and reads on from it: changes before it reach no subscriber. */
export const hintMovesHub: PlantedFault = {
  name: 'a hint moves the hub',
  edits: [
    {
      file: 'live/hub.ts',
      search: 'const endHints = bus.subscribe(topic, requestRead);',
      replace: `const endHints = bus.subscribe(topic, hint => {
        if ('to' in hint && hint.to.point > readPosition.point) readPosition = hint.to;
        requestRead();
      });`,
    },
  ],
};
