import { createSession, OperationError, type Session } from '@orderstream/client';
import { developmentToken } from '@orderstream/client/development';
import { parse } from 'graphql';
import { customers } from '../../simulation/customers.ts';
import { openShop } from '../../simulation/open-shop.ts';
import type { People, Person } from '../../simulation/people.ts';
import { simulate } from '../../simulation/simulation.ts';

/** Commands per second, as `npm run simulate` has by default. */
const rate = 5;

interface Actor extends Person {
  /** Each person has a token of their own. */
  readonly session: Session;
}

/**
 * Lets customers and staff trade through the API until the signal aborts: the people and deeds of `npm run simulate`.
 * @param tell gets what each person did, in words
 */
export async function runSimulation(signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  const url = new URL('/graphql', location.href).href;
  const actor = (name: string, id: string): Actor => ({
    name,
    id,
    session: createSession({ url, token: () => developmentToken(id) }),
  });
  const people: People<Actor> = {
    staff: actor('Sam', 'Sam'),
    customers: customers.map(({ name, id }) => actor(name, id)),
  };
  const api = {
    async ask<Data>({ session }: Actor, document: string, variables?: object): Promise<Data> {
      const { data, errors } = await session.ask({ document: parsed(document), variables: { ...variables } });
      const [error] = errors ?? [];
      if (error) {
        const code = error.extensions?.['code'];
        throw new OperationError(typeof code === 'string' ? code : 'INTERNAL', error.message);
      }
      return data as Data;
    },
  };
  try {
    const products = await openShop(api, people);
    await simulate({ api, people, products, rate, signal, print: tell });
  } finally {
    for (const { session } of [people.staff, ...people.customers]) session.close();
  }
}

const documents = new Map<string, ReturnType<typeof parse>>();

function parsed(text: string) {
  let document = documents.get(text);
  if (!document) documents.set(text, (document = parse(text, { noLocation: true })));
  return document;
}
