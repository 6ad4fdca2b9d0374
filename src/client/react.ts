// Hooks for React 18 and 19, over Apollo Client, urql or a session alone.
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import type { CommandQueue, QueuedCommand, RefusedCommand } from './command-queue.ts';
import { type Commands, createCommands } from './commands.ts';
import type { ConnectionState } from './connection-state.ts';
import type { OrderFragment } from './list-documents.ts';
import { createLiveBoard, type LiveBoard, type LiveBoardOptions, type LiveBoardState } from './live-board.ts';
import { createLiveCounts, type LiveCounts, type LiveCountsOptions, type LiveCountsState } from './live-counts.ts';
import { createLiveList, type LiveList, type LiveListOptions, type LiveListState } from './live-list.ts';
import { createLiveOrder, type LiveOrder, type LiveOrderState } from './live-order.ts';
import type { LiveStatus } from './open-live.ts';
import type { Data } from './data.ts';
import type { Operations } from './operations.ts';
import type { Store } from './store.ts';
import { textOf } from './text-of.ts';
import { type Live, type WatchedLive, watchedLive } from './watched-live.ts';

interface Provided {
  readonly operations: Operations;
  readonly run: Commands['run'];
  readonly queue: OrderstreamProviderProps['queue'];
}

const Context = createContext<Provided | undefined>(undefined);

export interface OrderstreamProviderProps {
  readonly operations: Operations;
  /** What `createCommandQueue` returned; for `useQueue`. Create it once, outside of components. */
  readonly queue?: CommandQueue | Promise<CommandQueue> | undefined;
  readonly children?: ReactNode;
}

/** Gives the hooks below it the operations of one client. */
export function OrderstreamProvider({ operations, queue, children }: OrderstreamProviderProps): ReactElement {
  const provided = useMemo(() => {
    const commands = createCommands(operations);
    const run: Commands['run'] = (name, input, options) => commands.run(name, input, options);
    return { operations, run, queue };
  }, [operations, queue]);
  return createElement(Context.Provider, { value: provided }, children);
}

function useProvided(): Provided {
  const provided = useContext(Context);
  if (!provided) throw new Error('This hook has to be used below <OrderstreamProvider operations={…}>.');
  return provided;
}

/** The value of a store, such as `pending` of a command queue. */
export function useStore<Value>(store: Store<Value>): Value {
  // Always the same function: with another one React would subscribe anew, and what is watched would begin anew.
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store]);
  const current = () => store.current;
  return useSyncExternalStore(subscribe, current, current);
}

/**
 * @param options compared by value: with other options it is created again
 * @param first the state while it is not created, as before the first effect
 */
function useLive<State extends { readonly status: LiveStatus }, One extends Live<State>>(
  create: (operations: Operations) => One,
  options: object,
  first: State,
): readonly [State, WatchedLive<State, One>] {
  const { operations } = useProvided();
  const identity = JSON.stringify(options, (key, value: unknown) =>
    key === 'fragment' ? textOf(value as OrderFragment) : value,
  );
  const watched = useMemo(
    () => watchedLive(operations.session, () => create(operations), first),
    // `identity` stands for `create` and `first`.
    [operations, identity],
  );
  return [useStore(watched), watched];
}

const waiting = { status: 'loading', error: undefined } as const;
const emptyColumn = { rows: [], hasMore: false, isLoading: true } as const;

/** A board of orders in columns by status, see `createLiveBoard`. */
export function useLiveBoard<Row = Data, Name extends string = string>(
  options: LiveBoardOptions<Row, Name>,
): LiveBoardState<Row, Name> & Pick<LiveBoard<Row, Name>, 'loadMore' | 'retry'> {
  const columns = Object.fromEntries(Object.keys(options.columns).map(name => [name, emptyColumn]));
  const [state, watched] = useLive<LiveBoardState<Row, Name>, LiveBoard<Row, Name>>(
    operations => createLiveBoard(operations, options),
    options,
    { ...waiting, columns: columns as unknown as LiveBoardState<Row, Name>['columns'], position: undefined },
  );
  const handlers = useMemo(
    () => ({ loadMore: (name: Name) => watched.live?.loadMore(name), retry: () => watched.live?.retry() }),
    [watched],
  );
  return { ...state, ...handlers };
}

/** A list of orders, see `createLiveList`. */
export function useLiveList<Row = Data>(
  options: LiveListOptions<Row>,
): LiveListState<Row> & Pick<LiveList<Row>, 'loadMore' | 'retry'> {
  const [state, watched] = useLive<LiveListState<Row>, LiveList<Row>>(
    operations => createLiveList(operations, options),
    options,
    { ...waiting, ...emptyColumn, position: undefined },
  );
  const handlers = useMemo(
    () => ({ loadMore: () => watched.live?.loadMore(), retry: () => watched.live?.retry() }),
    [watched],
  );
  return { ...state, ...handlers };
}

/**
 * One order, see `createLiveOrder`.
 * @param fragment a fragment on `Order`
 */
export function useLiveOrder<Row = Data>(
  id: string,
  fragment: OrderFragment<Row>,
): LiveOrderState<Row> & Pick<LiveOrder<Row>, 'retry'> {
  const [state, watched] = useLive<LiveOrderState<Row>, LiveOrder<Row>>(
    operations => createLiveOrder(operations, id, fragment),
    { id, fragment },
    { ...waiting, order: undefined },
  );
  const retry = useCallback(() => watched.live?.retry(), [watched]);
  return { ...state, retry };
}

/** The number of orders in each status, see `createLiveCounts`. */
export function useLiveCounts(options: LiveCountsOptions = {}): LiveCountsState & Pick<LiveCounts, 'retry'> {
  const [state, watched] = useLive<LiveCountsState, LiveCounts>(
    operations => createLiveCounts(operations, options),
    options,
    { ...waiting, byStatus: undefined, orderCount: undefined, openOrderCount: undefined },
  );
  const retry = useCallback(() => watched.live?.retry(), [watched]);
  return { ...state, retry };
}

/** Whether frames arrive now. */
export function useConnection(): ConnectionState {
  return useStore(useProvided().operations.session.connection);
}

/** Runs a command by its name, see `Commands.run`. It is always the same function. */
export function useCommand(): Commands['run'] {
  return useProvided().run;
}

export interface Queue extends Pick<CommandQueue, 'add' | 'dismiss'> {
  /** Commands without an answer, oldest first. */
  readonly pending: readonly QueuedCommand[];
  /** Commands that were refused, until they are dismissed. */
  readonly refusals: readonly RefusedCommand[];
}

const none: Store<readonly never[]> = { current: [], subscribe: () => () => undefined };

/** The queue of commands that the provider was given, see `createCommandQueue`. It is empty until it is open. */
export function useQueue(): Queue {
  const { queue } = useProvided();
  if (!queue) throw new Error('useQueue() needs <OrderstreamProvider queue={createCommandQueue(operations)}>.');
  const [opened, setOpened] = useState<{ readonly of: typeof queue; readonly queue: CommandQueue }>();
  useEffect(() => {
    let isLeft = false;
    Promise.resolve(queue).then(
      one => {
        if (!isLeft) setOpened({ of: queue, queue: one });
      },
      () => undefined, // `add` rejects with the reason
    );
    return () => {
      isLeft = true;
    };
  }, [queue]);
  const handlers = useMemo(
    (): Pick<CommandQueue, 'add' | 'dismiss'> => ({
      add: async (name, input, options) => (await queue).add(name, input, options),
      dismiss: async id => (await queue).dismiss(id),
    }),
    [queue],
  );
  const open = opened?.of === queue ? opened.queue : undefined;
  return { ...handlers, pending: useStore(open?.pending ?? none), refusals: useStore(open?.refusals ?? none) };
}
