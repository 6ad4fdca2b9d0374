import type { Kind } from './history.ts';

// `customer` is a second read for each frame, and `availableActions` differs by role: a faulty shared execution would
// show here.
const order = /* GraphQL */ `
  fragment Shown on Order {
    id
    number
    version
    position
    status
    itemCount
    total {
      amount
      currency
    }
    lines {
      id
      productId
      quantity
    }
    availableActions
    customer {
      name
    }
  }
`;
const listed = `{ kind position orderId matches order { ...Shown } }`;
const event = 'id type version position actor';

export const subscriptions: Readonly<Record<Kind, string>> = {
  orderUpdated: `subscription ($id: ID!, $after: Position) {
    update: orderUpdated(id: $id, after: $after) {
      kind
      position
      order { ...Shown }
      # One read after the other: while it is made, the next changes come.
      long: order {
        customer { orders(first: 1) { nodes { customer { orders(first: 1) { nodes { customer {
          orders(first: 1) { nodes { customer { orders(first: 1) { nodes { id } } } } }
        } } } } } } }
      }
    }
  } ${order}`,
  ordersUpdated: `subscription ($filter: OrderFilter, $after: Position) {
    update: ordersUpdated(filter: $filter, after: $after) ${listed}
  } ${order}`,
  customerOrdersUpdated: `subscription ($id: ID!, $filter: OrderFilter, $after: Position) {
    update: customerOrdersUpdated(customerId: $id, filter: $filter, after: $after) ${listed}
  } ${order}`,
  orderEvents: `subscription ($id: ID!, $after: Position) {
    update: orderEvents(orderId: $id, after: $after) { ${event} }
  }`,
  eventsAppended: `subscription ($after: Position) {
    update: eventsAppended(after: $after) { ${event} }
  }`,
};

/** What a subscriber of that kind must show in the end. */
export const queries = {
  orderUpdated: `query ($id: ID!) { order(id: $id) { ...Shown } } ${order}`,
  ordersUpdated: `query ($filter: OrderFilter) {
    orders(first: 100, filter: $filter) { position nodes { ...Shown } }
  } ${order}`,
  customerOrdersUpdated: `query ($id: ID!, $filter: OrderFilter) {
    customer(id: $id) { orders(first: 100, filter: $filter) { position nodes { ...Shown } } }
  } ${order}`,
} as const;

export function commandDocument(name: string, payload: string): string {
  const input = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  return `mutation ($input: ${input}!) {
    result: ${name}(input: $input) {
      __typename
      ... on ${payload} { position }
      ... on CommandError { message }
    }
  }`;
}
