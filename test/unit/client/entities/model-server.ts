import { readFileSync } from 'node:fs';
import { buildSchema, type DocumentNode, execute, type GraphQLFieldResolver } from 'graphql';
import type { Data } from '../../../../src/client/data.ts';

export const schema = buildSchema(readFileSync(new URL('../../../../schema.graphql', import.meta.url), 'utf8'));

/** Of an entity: its version, and the position of its last change. Names from other objects change only the position. */
export interface State {
  readonly version: number;
  readonly position: number;
}

/** From which states an answer is made. */
export interface Reading {
  stateOf(key: string): State;
  /** The position of a page. */
  pageAt(key: string): number;
  /** The position of a name that comes from another object, if it is not that of its order. */
  nameAt?(field: string): number | undefined;
  /** Called for each field that is read, with the position of its object. */
  note(field: string, position: number): void;
}

/** The part of a frame or of a command's result that is about the operation and no object. */
export interface Envelope {
  readonly kind?: string;
  readonly orderId?: string;
  readonly version?: number;
  readonly position?: number;
}

const statuses = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'];
const actions = ['SUBMIT', 'CONFIRM', 'SHIP', 'DELIVER', 'CANCEL'];

export const text = (position: number) => String(position).padStart(6, '0');

type Values = Readonly<Record<string, unknown>>;
/** What a resolver gets: an object of the schema, its place, and the position of its state. */
interface Source {
  readonly __typename: string;
  readonly place: string | undefined;
  readonly at: number;
  readonly values: Values | ((reading: Reading) => Values);
}

/** A server whose entities change: each value says of which entity and version it is. */
export class ModelServer {
  readonly orders = ['1', '2', '3'];
  readonly #states = new Map<string, State[]>();
  position = 0;

  constructor() {
    for (const key of [
      ...this.orders.map(id => `Order:${id}`),
      ...['1', '2'].flatMap(id => [`Customer:${id}`, `Product:${id}`]),
    ]) {
      this.change(key);
    }
  }

  get keys(): string[] {
    return [...this.#states.keys()];
  }

  change(key: string): State {
    return this.#put(key, 1);
  }

  /** The name of a product changed: its orders show it, and keep their version. */
  rename(order: string): State {
    return this.#put(`Order:${order}`, 0);
  }

  stateAt(key: string, position: number): State {
    return this.#states.get(key)!.findLast(state => state.position <= position) ?? this.#states.get(key)![0]!;
  }

  answer(document: DocumentNode, variables: Data, reading: Reading, envelope: Envelope): Data {
    const contextValue = { reading, envelope };
    const { data, errors } = execute({
      schema,
      document,
      variableValues: variables,
      contextValue,
      rootValue: {},
      fieldResolver: this.#resolve,
      typeResolver: value => (value as Source).__typename,
    }) as { data: Data; errors?: readonly Error[] };
    if (errors) throw errors[0]!;
    return JSON.parse(JSON.stringify(data)) as Data;
  }

  readonly #resolve: GraphQLFieldResolver<Source, { reading: Reading; envelope: Envelope }, Values> = (
    source,
    { atLeast: _, ...args },
    { reading, envelope },
    { fieldName, parentType },
  ) => {
    const field = Object.keys(args).length > 0 ? `${fieldName}${JSON.stringify(args)}` : fieldName;
    if (source.place === undefined) return this.#root(parentType.name, fieldName, field, args, reading, envelope);
    if (source.place !== '' && !isPage(fieldName)) reading.note(`${source.place}/${field}`, source.at);
    const values = typeof source.values === 'function' ? source.values(reading) : source.values;
    if (fieldName === 'orders') return this.#page(`${source.place.replace(/@.*/, '')}/${field}`, args, reading);
    return values[fieldName];
  };

  #root(root: string, name: string, field: string, args: Values, reading: Reading, envelope: Envelope): unknown {
    if (name === 'nodes') return (args['ids'] as string[]).map(key => this.#entity(key, reading));
    if (name === 'node') return this.#entity(args['id'] as string, reading);
    if (name === 'orders') return this.#page(field, args, reading);
    if (name === 'viewer') {
      return {
        __typename: 'Viewer',
        place: '',
        at: 0,
        values: { subject: 's', customer: this.#entity('Customer:1', reading) },
      };
    }
    if (root === 'Query')
      return this.#entity(`${name[0]!.toUpperCase()}${name.slice(1)}:${args['id'] as string}`, reading);
    const order = this.#entity(`Order:${envelope.orderId!}`, reading);
    const { position } = envelope;
    const values = { ...envelope, position: position && text(position), matches: true, order };
    if (envelope.kind === 'REJECTED') {
      return { __typename: 'RejectedError', place: '', at: 0, values: { message: 'no', current: order } };
    }
    const type = { orderUpdated: 'OrderUpdate', ordersUpdated: 'OrderListUpdate' }[name] ?? 'OrderCommandPayload';
    return { __typename: type, place: '', at: 0, values };
  }

  #page(key: string, args: Values, reading: Reading): Source {
    const at = reading.pageAt(key);
    const wanted = (args['filter'] as { statusIn?: string[] } | undefined)?.statusIn ?? statuses;
    const state = (id: string) => this.stateAt(`Order:${id}`, at);
    const found = this.orders
      .filter(id => wanted.includes(statuses[state(id).version % 6]!))
      .sort((left, right) => state(right).position - state(left).position);
    const shown = found.slice(0, (args['first'] as number | undefined) ?? 20);
    const nodes = () => shown.map(id => this.#entity(`Order:${id}`, reading));
    const place = `${key}#${at}`;
    const part = (__typename: string, name: string, values: Values) => ({
      __typename,
      place: `${place}/${name}`,
      at,
      values,
    });
    return {
      __typename: 'OrderConnection',
      place,
      at,
      values: {
        position: text(at),
        totalCount: found.length,
        nodes: nodes(),
        edges: nodes().map((node, index) => part('OrderEdge', `edges.${index}`, { node, cursor: `c${at}` })),
        pageInfo: part('PageInfo', 'pageInfo', { hasNextPage: shown.length < found.length, endCursor: `e${at}` }),
      },
    };
  }

  /** An entity refers to others lazily: an order in its customer in the order would not end. */
  #entity(key: string, reading: Reading): Source {
    const [type = '', id = ''] = key.split(':');
    const { version, position } = reading.stateOf(key);
    const place = `${key}@${version}`;
    const shared = { id, version, position: text(position) };
    const values = (reading: Reading) => ({ ...shared, ...this.#fields(type, id, version, position, place, reading) });
    return { __typename: type, place, at: position, values };
  }

  #fields(type: string, id: string, version: number, position: number, place: string, reading: Reading): Values {
    const part = (__typename: string, name: string, values: Values) => ({
      __typename,
      place: `${place}/${name}`,
      at: position,
      values,
    });
    const money = (name: string, amount: number) =>
      part('Money', name, { amount: String(amount), currency: `EUR${version}` });
    const name = `${type} ${id} v${version}`;
    if (type === 'Customer') return { name, email: `${name}@example.org` };
    if (type === 'Product') return { name, sku: name, available: version % 2 === 0, price: money('price', version) };
    const line = (index: number) => {
      const path = `lines.${index}`;
      const sku = `${place}/${path}/productName`;
      return part('OrderLine', path, {
        id: `lin_${index}`,
        quantity: version,
        productName: `${name} at ${reading.nameAt?.(sku) ?? position}`,
        product: index > 1 ? null : this.#entity(`Product:${((version + index) % 2) + 1}`, reading),
        unitPrice: money(`${path}.unitPrice`, version),
        subtotal: money(`${path}.subtotal`, version * 2),
      });
    };
    return {
      number: `N${id}`,
      status: statuses[version % 6],
      reference: version % 3 === 0 ? null : name,
      itemCount: version,
      availableActions: actions.slice(version % 4),
      total: money('total', version),
      shipment: version % 2 === 0 ? null : part('Shipment', 'shipment', { carrier: name, trackingNumber: null }),
      lines: Array.from({ length: version % 4 }, (_, index) => line(index)),
      customer: this.#entity(`Customer:${(Number(id) % 2) + 1}`, reading),
    };
  }

  #put(key: string, more: number): State {
    const states = this.#states.get(key) ?? [];
    const state = { version: (states.at(-1)?.version ?? 0) + more, position: ++this.position };
    this.#states.set(key, [...states, state]);
    return state;
  }
}

function isPage(field: string): boolean {
  return field === 'orders';
}
