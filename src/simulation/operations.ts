// The simulation's operations, like those of any client. A test validates each against schema.graphql.

export const viewer = /* GraphQL */ `
  query Viewer {
    viewer {
      subject
      role
      customer {
        name
      }
    }
  }
`;

export const catalogue = /* GraphQL */ `
  query Catalogue {
    products(first: 100) {
      nodes {
        id
        name
        available
        price {
          currency
        }
      }
    }
  }
`;

export const addProduct = /* GraphQL */ `
  mutation AddProduct($input: AddProductInput!) {
    result: addProduct(input: $input) {
      __typename
      ... on ProductCommandPayload {
        productId
      }
      ... on CommandError {
        message
      }
    }
  }
`;

export const registerCustomer = /* GraphQL */ `
  mutation RegisterCustomer($input: RegisterCustomerInput!) {
    result: registerCustomer(input: $input) {
      __typename
      ... on CustomerCommandPayload {
        position
      }
      ... on CommandError {
        message
      }
    }
  }
`;

export const createOrder = orderCommand('createOrder');
export const addOrderItem = orderCommand('addOrderItem');
export const changeOrderItemQuantity = orderCommand('changeOrderItemQuantity');
export const removeOrderItem = orderCommand('removeOrderItem');
export const submitOrder = orderCommand('submitOrder');
export const confirmOrder = orderCommand('confirmOrder');
export const shipOrder = orderCommand('shipOrder');
export const deliverOrder = orderCommand('deliverOrder');
export const cancelOrder = orderCommand('cancelOrder');

function orderCommand(mutation: string): string {
  const name = mutation.charAt(0).toUpperCase() + mutation.slice(1);
  return /* GraphQL */ `
    mutation ${name}($input: ${name}Input!) {
      result: ${mutation}(input: $input) {
        __typename
        ... on OrderCommandPayload {
          position
          order { id number status lines { id productName quantity } total { amount currency } }
        }
        ... on RejectedError { reason path }
        ... on CommandError { message }
      }
    }`;
}
