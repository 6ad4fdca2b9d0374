// What all clients of a page share. Each client library has its own entry: apollo, urql, graphql-ws, sse and react.
export type { ConnectionState, ConnectionStatus } from './connection-state.ts';
export { type Data, OperationError, type Operations, type Variables } from './operations.ts';
export type { Answer } from './operation-session.ts';
export { keys, possibleTypes } from './schema-facts.ts';
export { createSeen, type Seen } from './seen.ts';
export { createSession, type Session, type SessionOptions, type SessionRequest } from './session.ts';
export { sessionOperations } from './session-operations.ts';
export type { Store } from './store.ts';
export type { Token } from './token.ts';
export { typePolicies } from './type-policies.ts';
