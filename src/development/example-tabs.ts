import type { Tab } from './graphiql.ts';

const result = `{
    ... on OrderCommandPayload {
      order {
        number
        status
        lines { productName quantity subtotal { amount } }
        total { amount currency }
        availableActions
      }
      version
      position
    }
    ... on CommandError {
      message
    }
  }`;

const create = `# Create a draft. A client may choose its id: all of these
# tabs use the same new order.
mutation create($input: CreateOrderInput!) {
  createOrder(input: $input) ${result}
}
`;

const add = `# Add an item. You can repeat this.
mutation add($input: AddOrderItemInput!) {
  addOrderItem(input: $input) ${result}
}
`;

const submit = `# Submit it: after that its lines cannot be changed.
mutation submit($input: SubmitOrderInput!) {
  submitOrder(input: $input) ${result}
}
`;

const watch = `# All changes of all orders, for staff, the newest first.
# It continues while you use other tabs, and after a
# restart of the server. The stop button ends it.
# For more changes: npm run simulate
subscription watch {
  ordersUpdated {
    kind
    position
    order {
      number
      customer { name }
      status
      itemCount
      total { amount currency }
      version
    }
  }
}
`;

const myOrders = `query myOrders {
  viewer {
    customer {
      name
      orders(first: 5) {
        nodes {
          number
          status
          itemCount
          total { amount currency }
          createdAt
        }
        totalCount
        position
      }
    }
  }
}
`;

/**
 * The GraphiQL tabs: a customer's order from create to submit, and a subscription to all orders by staff.
 * @param headers of the two callers
 */
export function exampleTabs(
  { orderId, productId }: { orderId: string; productId: string },
  { customer, staff }: Readonly<Record<'customer' | 'staff', Tab['headers']>>,
) {
  return {
    create: { query: create, variables: { input: { orderId, reference: 'My first order' } }, headers: customer },
    add: { query: add, variables: { input: { orderId, productId, quantity: 2 } }, headers: customer },
    submit: { query: submit, variables: { input: { orderId } }, headers: customer },
    watch: { query: watch, variables: {}, headers: staff },
    myOrders: { query: myOrders, variables: {}, headers: customer },
  } satisfies Record<string, Tab>;
}
