import type { Tab } from '../../graphql/graphiql.ts';

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

const create = `# Create a draft. A client may choose its id: these tabs speak
# of the same new order.
mutation create($input: CreateOrderInput!) {
  createOrder(input: $input) ${result}
}
`;

const add = `# Add an item, as often as you like.
mutation add($input: AddOrderItemInput!) {
  addOrderItem(input: $input) ${result}
}
`;

const submit = `# Submit it: from then on its lines are fixed.
mutation submit($input: SubmitOrderInput!) {
  submitOrder(input: $input) ${result}
}
`;

const watch = `# Every change of your orders, from now on, the newest first.
# It goes on while you use other tabs; its button ends it.
subscription watch($customerId: ID!) {
  customerOrdersUpdated(customerId: $customerId) {
    kind
    position
    order {
      number
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

/** GraphiQL's tabs that lead one order through its life, and watch. */
export function exampleTabs(ids: { customerId: string; orderId: string; productId: string }) {
  const { customerId, orderId, productId } = ids;
  return {
    create: { query: create, variables: { input: { orderId, reference: 'My first order' } } },
    add: { query: add, variables: { input: { orderId, productId, quantity: 2 } } },
    submit: { query: submit, variables: { input: { orderId } } },
    watch: { query: watch, variables: { customerId } },
    myOrders: { query: myOrders, variables: {} },
  } satisfies Record<string, Tab>;
}
