import type { Edit } from '../checker/planted/planted-fault.ts';
import type { Outcome } from './run-scenario.ts';

/** A fault of the client that the boards must show, as edits of the source. */
export interface PlantedFault {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Name of the scenario that shows it, and the kind of its findings. */
  readonly scenario: string;
  readonly shows: keyof Pick<Outcome, 'falls' | 'foreign'>;
}

export const plantedFaults: readonly PlantedFault[] = [
  {
    name: 'answers overwrite newer versions, as in a plain cache',
    edits: [
      {
        file: 'client/entity-versions.ts',
        search: '    if (known && version < known.version) return;\n',
        replace: '',
      },
      {
        file: 'client/entity-versions.ts',
        search: 'known?.version === version ? mergeStates(known.state, state) : state;',
        replace:
          'known ? new StateRecord(state.type, state.position, { ...known.state.fields, ...state.fields }) : state;',
      },
      {
        file: 'client/entity-versions.ts',
        search: 'known && known.version >= identity.version && !isJoined',
        replace: 'known && !isJoined',
      },
    ],
    scenario: 'HTTP 500 ms slower',
    shows: 'falls',
  },
  {
    name: 'logout keeps the connection',
    edits: [
      { file: 'client/session.ts', search: '    transport.close();\n', replace: '' },
      // A board that is gone has left its subscriptions: without this, their socket would close by that.
      {
        file: 'client/graphql-ws.ts',
        search: '    retryAttempts: Infinity,\n',
        replace: '    retryAttempts: Infinity,\n    lazyCloseTimeout: 60_000,\n',
      },
    ],
    scenario: 'logout, login as another',
    shows: 'foreign',
  },
];
