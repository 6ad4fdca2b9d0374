// The plain command stack, written by the documentation of its libraries: graphql-yoga on node:http, and for each
// command one interactive Prisma transaction that reads the stream, inserts the event, and is retried on a conflict.
// It checks no token and keeps no view.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrismaPg } from '@prisma/adapter-pg';
import { createSchema, createYoga } from 'graphql-yoga';

interface PlainEvents {
  findMany(query: { where: { streamId: string }; orderBy: { version: 'asc' } }): Promise<{ version: number }[]>;
  create(event: { data: { streamId: string; version: number; payload: object } }): Promise<{ position: bigint }>;
}

/**
 * The used part of the client that `npm run bench` generates from ../plain.prisma: a fresh install does not have it.
 */
interface Generated {
  readonly PrismaClient: new (options: { adapter: PrismaPg }) => {
    $transaction<Result>(act: (tx: { readonly plainEvent: PlainEvents }) => Promise<Result>): Promise<Result>;
  };
}

interface AddItem {
  readonly orderId: string;
  readonly productId: string;
  readonly quantity: number;
}

const attempts = 10;

const generated = new URL('../generated/client.ts', import.meta.url).href;
const { PrismaClient } = (await import(generated)) as Generated;
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env['DATABASE_URL'] ?? '' }) });

async function addItem(_root: unknown, { orderId, productId, quantity }: AddItem) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prisma.$transaction(async tx => {
        const events = await tx.plainEvent.findMany({ where: { streamId: orderId }, orderBy: { version: 'asc' } });
        const version = (events.at(-1)?.version ?? 0) + 1;
        const payload = {
          type: 'OrderItemAdded',
          productId,
          quantity,
          price: 1250,
          correlationId: randomUUID(),
          occurredAt: new Date().toISOString(),
        };
        const { position } = await tx.plainEvent.create({ data: { streamId: orderId, version, payload } });
        return { version, position: Number(position) };
      });
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

const schema = createSchema({
  typeDefs: `
    type Added { version: Int! position: Float! }
    type Query { ready: Boolean }
    type Mutation { addItem(orderId: ID!, productId: ID!, quantity: Int!): Added! }`,
  resolvers: { Mutation: { addItem } },
});

const yoga = createYoga({ schema, logging: false });
const server = createServer((request, response) => void yoga(request, response));
server.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`));
