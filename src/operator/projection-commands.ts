import type { DependentCommand } from '../commands/dependent-command.ts';
import type { Database } from '../database/database.ts';
import { readParkedStream } from '../projections/read-parked.ts';
import { readRebuildState } from '../projections/rebuild-requests.ts';
import type { ProjectionCommand } from './projection-decider.ts';

type Command = DependentCommand<ProjectionCommand>;

// Each command is completed from the state of the views, which is read again for each decision. That state is not part
// of the log, so the append cannot check it. Two requests for a rebuild conflict nevertheless, because both append to
// one stream. Two retries of one stream may both be accepted; the second one then changes only the position of its rows.

export function requestRebuild(database: Database, view: string): Command {
  return {
    type: 'RequestRebuild',
    input: { view },
    complete: async () => ({ type: 'RequestRebuild', view, ...(await readRebuildState(database)) }),
  };
}

export function abandonRebuild(database: Database): Command {
  return {
    type: 'AbandonRebuild',
    input: {},
    complete: async () => ({ type: 'AbandonRebuild', isRunning: (await readRebuildState(database)).isRunning }),
  };
}

export function retryStream(database: Database, streamId: string): Command {
  return {
    type: 'RetryStream',
    input: { streamId },
    complete: async () => ({ type: 'RetryStream', parked: await readParkedStream(database, streamId) }),
  };
}

/** @param version the one that is left out; undefined: the one before which the stream is parked */
export function skipStreamEvent(database: Database, streamId: string, version: number | undefined): Command {
  return {
    type: 'SkipStreamEvent',
    input: { streamId },
    complete: async () => ({ type: 'SkipStreamEvent', parked: await readParkedStream(database, streamId), version }),
  };
}
