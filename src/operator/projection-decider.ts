import { accept, type Decider, type Decision, reject } from '../commands/decider.ts';
import { projectionEvents, type StreamName } from '../projections/projection-events.ts';

/** What operators do about the views. What is about the state of the views was read from the database: see commands.ts. */
export type ProjectionCommand =
  | {
      readonly type: 'RequestRebuild';
      readonly view: string;
      readonly isRunning: boolean;
      /** A generation has been started and not been finished or abandoned yet. */
      readonly isStarted: boolean;
    }
  | { readonly type: 'AbandonRebuild'; readonly isRunning: boolean }
  | { readonly type: 'RetryStream'; readonly parked: ParkedName | undefined }
  | {
      readonly type: 'SkipStreamEvent';
      readonly parked: ParkedName | undefined;
      /** The version that the operator means; undefined: the one before which the stream is parked. */
      readonly version: number | undefined;
    };

/** A parked stream, and the version that cannot be folded. */
export interface ParkedName extends StreamName {
  readonly version: number;
}

// Events are stored for ever: their names and data never change.
type ProjectionEvent =
  | { readonly type: 'RebuildRequested'; readonly data: { readonly view: string } }
  | { readonly type: 'RebuildAbandoned'; readonly data: Readonly<Record<string, never>> }
  | { readonly type: 'StreamRetried'; readonly data: StreamName }
  | { readonly type: 'StreamEventSkipped'; readonly data: ParkedName };

const reasons = {
  REBUILD_RUNNING: 'A rebuild is running already.',
  NO_REBUILD_RUNNING: 'No rebuild is running.',
  STREAM_NOT_PARKED: 'The stream is not parked, or not before this version.',
} as const;

type Reason = keyof typeof reasons;

interface ProjectionRejection {
  readonly reason: Reason;
  /** For people: the reason, and what to do. */
  readonly message: string;
  readonly path: readonly string[];
}

/** The versions that this stream's events have skipped: a skip is stored before a projector carries it out. */
interface Operated {
  readonly skipped: readonly number[];
}

/**
 * Decides what operators may do about the views. Its streams have the type of the views' own events: one stream for all
 * rebuilds, so that two requests at once conflict, and one for each parked stream.
 */
export const projectionDecider: Decider<Operated, ProjectionCommand, ProjectionEvent, ProjectionRejection> = {
  streamType: projectionEvents.streamType,
  idPrefix: 'prj',
  initialState: { skipped: [] },
  evolve: (state, event) =>
    event.type === 'StreamEventSkipped' ? { skipped: [...state.skipped, event.data.version] } : state,
  decide,
  rights: {
    RequestRebuild: 'operator',
    AbandonRebuild: 'operator',
    RetryStream: 'operator',
    SkipStreamEvent: 'operator',
  },
  reasons,
  creates: () => true,
  isVisibleTo: () => true,
  subject: () => undefined,
  erasure: 'none',
  schemaVersions: projectionEvents.schemaVersions as Decider<
    Operated,
    ProjectionCommand,
    ProjectionEvent,
    ProjectionRejection
  >['schemaVersions'],
  upcast: projectionEvents.upcast,
};

function decide(command: ProjectionCommand, { skipped }: Operated): Decision<ProjectionEvent, ProjectionRejection> {
  switch (command.type) {
    case 'RequestRebuild':
      // A started generation folds the requests in the log without starting anything. So if it became live before it is
      // abandoned, a request after the abandonment would be lost.
      return command.isRunning || command.isStarted
        ? refuse('REBUILD_RUNNING', 'A rebuild is running already: wait until it is over, or abandon it.', 'view')
        : accept({ type: 'RebuildRequested', data: { view: command.view } });
    case 'AbandonRebuild':
      return command.isRunning
        ? accept({ type: 'RebuildAbandoned', data: {} })
        : refuse('NO_REBUILD_RUNNING', 'No rebuild is running: there is nothing to abandon.');
    case 'RetryStream': {
      const { parked } = command;
      if (!parked) return notParked();
      const { streamType, streamId } = parked;
      return accept({ type: 'StreamRetried', data: { streamType, streamId } });
    }
    case 'SkipStreamEvent': {
      const { parked, version = parked?.version } = command;
      if (!parked || skipped.includes(parked.version)) return notParked();
      if (version !== parked.version) {
        const message = `The stream is parked before version ${parked.version}, not ${version}: read its error first.`;
        return refuse('STREAM_NOT_PARKED', message, 'version');
      }
      const { streamType, streamId } = parked;
      return accept({ type: 'StreamEventSkipped', data: { streamType, streamId, version } });
    }
  }
}

function notParked() {
  return refuse('STREAM_NOT_PARKED', 'The stream is not parked: its rows are up to date.', 'streamId');
}

function refuse(reason: Reason, message: string, ...path: readonly string[]) {
  return reject<ProjectionRejection>({ reason, message, path: ['input', ...path] });
}
