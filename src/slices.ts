import type { AnyDecider } from './commands/decider.ts';
import { customerSlice } from './customer/slice.ts';
import { eventTypes } from './event-store/event-types.ts';
import { orderSlice } from './order/slice.ts';
import { productSlice } from './product/slice.ts';
import { projectionDecider } from './operator/projection-decider.ts';
import type { AnyLiveView } from './projections/read-changes.ts';
import type { ReadSources } from './projections/read-sources.ts';
import type { Views } from './projections/view.ts';

/** What the machinery needs to know about a slice. All else is known to the slice alone. */
export interface Slice {
  readonly decider: AnyDecider;
  /** The views of its aggregate: their tables, which the serving role may write. */
  readonly views: Views;
  /** Those of its views whose changes are sent to subscribers. */
  readonly liveViews: readonly AnyLiveView[];
  /** Opens the reads that its resolvers find in the context's dependencies, by name. */
  readonly openReads: (sources: ReadSources) => object;
  /** Declares its types and fields of the API. They are loaded only if there is a schema to build. */
  readonly declareApi: () => Promise<unknown>;
}

/** The reads of all slices in one object. If one is missing that a resolver names, app.ts does not compile. */
type Reads<Listed extends Slice> = All<ReturnType<Listed['openReads']>>;
type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer Whole) => void
  ? Whole
  : never;

/** The one list of what this program is about. Everything else about slices is derived from it. */
export const slices = [customerSlice, orderSlice, productSlice] as const satisfies readonly Slice[];

/** The prefix of the ids of callers with the role `customer`: their tokens name the aggregate that they are. */
export const callerIdPrefix = customerSlice.decider.idPrefix;

export const { deciders, commandDeciders, types, views, liveViews, openReads } = assemble(slices);

/** What the parts of the machinery take from a list of slices. */
export function assemble<Listed extends Slice>(listed: readonly Listed[]) {
  const aggregates: readonly AnyDecider[] = listed.map(({ decider }) => decider);
  const all: Views = {
    folded: listed.flatMap(({ views: { folded } }) => folded),
    derived: listed.flatMap(({ views: { derived } }) => derived),
    summed: listed.flatMap(({ views: { summed } }) => summed),
  };
  const commandDeciders: readonly AnyDecider[] = [...aggregates, projectionDecider];
  return {
    /** All aggregates. Erasures are taken from them. */
    deciders: aggregates,
    /**
     * All that takes commands: the aggregates, and the views, which operators rebuild and mend. The command bus, the
     * event types and the reasons of rejections are taken from them.
     */
    commandDeciders,
    /** All event types in the log. */
    types: eventTypes(commandDeciders),
    /** All views of the core group. */
    views: all,
    /** Views whose changes are sent to subscribers. */
    liveViews: listed.flatMap<AnyLiveView>(slice => slice.liveViews),
    openReads: (sources: ReadSources) =>
      Object.assign({}, ...listed.map(slice => slice.openReads(sources))) as Reads<Listed>,
  };
}
