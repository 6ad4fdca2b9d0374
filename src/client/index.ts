// What all clients of a page share. Each client library has its own entry: apollo, urql, graphql-ws, sse and react.
export { commandDocument, type CommandName, readDocument } from './command-document.ts';
export type { CommandError, CommandInputs } from './command-inputs.ts';
export { type CommandOptions, type CommandResult, type Commands, createCommands } from './commands.ts';
export { type CommandQueue, createCommandQueue, type QueuedCommand, type RefusedCommand } from './command-queue.ts';
export type { ConnectionState, ConnectionStatus } from './connection-state.ts';
export {
  boardDocuments,
  countsDocument,
  listDocuments,
  orderDocument,
  type ListFilter,
  type OrderFragment,
  type OrderSort,
  type OrderStatus,
} from './list-documents.ts';
export { createLiveBoard, type LiveBoard, type LiveBoardOptions, type LiveBoardState } from './live-board.ts';
export { createLiveCounts, type LiveCounts, type LiveCountsOptions, type LiveCountsState } from './live-counts.ts';
export { createLiveList, type LiveList, type LiveListOptions, type LiveListState } from './live-list.ts';
export { createLiveOrder, type LiveOrder, type LiveOrderState } from './live-order.ts';
export type { LiveStatus } from './open-live.ts';
export type { LiveColumn } from './open-board.ts';
export type { Data, Variables } from './data.ts';
export { OperationError } from './operation-error.ts';
export type { Operations } from './operations.ts';
export type { Answer } from './operation-session.ts';
export { keys, possibleTypes } from './schema-facts.ts';
export { createSeen, type Seen } from './seen.ts';
export { createSession, type Session, type SessionOptions, type SessionRequest } from './session.ts';
export { sessionOperations } from './session-operations.ts';
export { createStore, type Store, type WritableStore } from './store.ts';
export type { Token } from './token.ts';
export { typePolicies } from './type-policies.ts';
