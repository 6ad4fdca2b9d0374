// The subscriptions of `npm run watch`, like those of any client. A test validates each against schema.graphql.

const fields = /* GraphQL */ `
    kind
    position
    orderId
    order {
      number
      status
      itemCount
      total { amount currency }
      customer { name }
      updatedAt
    }
`;

export const ordersUpdated = `subscription OrdersUpdated { update: ordersUpdated { ${fields} } }`;

export const customerOrdersUpdated = `subscription CustomerOrdersUpdated($customerId: ID!) {
  update: customerOrdersUpdated(customerId: $customerId) { ${fields} }
}`;
