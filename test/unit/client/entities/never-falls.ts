import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type DocumentNode, parse } from 'graphql';
import { withEntityFields } from '../../../../src/client/entity-fields.ts';
import type { EntityVersions } from '../../../../src/client/entity-versions.ts';
import type { Data } from '../../../../src/client/data.ts';
import { type Operation, type Step, steps } from './arbitrary.ts';
import { type Envelope, ModelServer, type Reading, type State, text } from './model-server.ts';

interface Sent {
  readonly document: DocumentNode;
  readonly variables: Data;
  readonly envelope: Envelope;
  readonly data: Data;
  readonly read: readonly (readonly [field: string, position: number])[];
  readonly states: ReadonlyMap<string, State>;
  readonly pages: ReadonlyMap<string, number>;
}

/** What all delivered answers together say. It is kept field by field, so it has none of the register's rules. */
class Received {
  readonly states = new Map<string, State>();
  readonly pages = new Map<string, number>();
  readonly fields = new Map<string, number>();

  add({ read, states, pages }: Sent): void {
    for (const [key, state] of states) {
      const before = this.states.get(key);
      // With a greater version comes a greater position.
      if (before === undefined || state.position > before.position) this.states.set(key, state);
    }
    for (const [key, position] of pages) this.pages.set(key, Math.max(position, this.pages.get(key) ?? 0));
    for (const [field, position] of read) this.fields.set(field, Math.max(position, this.fields.get(field) ?? 0));
  }

  /** Makes the answer from the newest received states. @returns undefined if one of its fields was never received */
  answer(server: ModelServer, { document, variables, envelope }: Sent): Data | undefined {
    const wanted = new Set<string>();
    const reading: Reading = {
      stateOf: key => this.states.get(key) ?? server.stateAt(key, 0),
      pageAt: key => this.pages.get(key) ?? 0,
      nameAt: field => this.fields.get(field),
      note: field => wanted.add(field),
    };
    const data = server.answer(document, variables, reading, envelope);
    return [...wanted].every(field => this.fields.has(field)) ? data : undefined;
  }
}

function send(server: ModelServer, operation: Operation, behind: number): Sent {
  const document = withEntityFields(parse(operation.text));
  const position = Math.max(server.keys.length, server.position - behind);
  const states = new Map<string, State>();
  const pages = new Map<string, number>();
  const read: [string, number][] = [];
  const reading: Reading = {
    stateOf: key => server.stateAt(key, position),
    note(field, position) {
      read.push([field, position]);
      const [key, version] = field.split(/[@/]/) as [string, string];
      if (field.includes('@')) states.set(key, { version: Number(version), position });
    },
    pageAt(key) {
      pages.set(key, position);
      return position;
    },
  };
  const { version } = server.stateAt(`Order:${operation.orderId}`, position);
  const kind = operation.text.startsWith('mutation') && operation.isRejected ? 'REJECTED' : 'UPDATE';
  const envelope = { kind, orderId: operation.orderId, version, position };
  const data = server.answer(document, operation.variables, reading, envelope);
  return { document, variables: operation.variables, envelope, data, read, states, pages };
}

/**
 * Delivers answers of a server whose entities change in any order, and checks each that the register returns: every
 * entity and page in it has the newest version that any delivered answer had, with the values of exactly this version;
 * and the register gives up only if a selected field of that version was in no answer.
 */
export function neverFalls(createRegister: () => EntityVersions, runs: fc.Parameters<[Step[]]>) {
  return fc.check(
    fc.property(steps, steps => {
      const server = new ModelServer();
      const register = createRegister();
      const received = new Received();
      const underway: Sent[] = [];
      for (const step of steps) {
        if (step.do === 'change') server.change(step.key);
        else if (step.do === 'rename') server.rename(step.order);
        else if (step.do === 'send') underway.push(send(server, step.operation, step.behind));
        else if (underway.length > 0) {
          const [sent] = underway.splice(step.which % underway.length, 1) as [Sent];
          received.add(sent);
          check(server, register, received, sent);
        }
      }
    }),
    runs,
  );
}

function check(server: ModelServer, register: EntityVersions, received: Received, sent: Sent): void {
  const wanted = received.answer(server, sent);
  const original = JSON.stringify(sent.data);
  const admitted = register.admit(sent.document, sent.variables, sent.data);
  if (JSON.stringify(sent.data) !== original) throw new Error('The answer itself was changed');
  if (!isDeepStrictEqual(admitted, wanted)) {
    throw new Error(`admitted ${JSON.stringify(admitted)}\nwanted ${JSON.stringify(wanted)}\nanswer ${original}`);
  }
  if (isDeepStrictEqual(admitted, sent.data) && admitted !== sent.data)
    throw new Error('An unchanged answer was copied');
  if (admitted && register.renew(sent.document, sent.variables, admitted) !== admitted) throw new Error('renewed');
  for (const [key, { version, position }] of received.states) {
    const known = register.known(key);
    if (known?.version !== version || known.position !== text(position)) throw new Error(`known: ${key}`);
  }
}
