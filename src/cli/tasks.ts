import type { ParseArgsConfig } from 'node:util';
import { erasureListOf, loadErasureList } from '../config.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import { parsePosition } from '../event-store/position.ts';
import { callerIdPrefix, views } from '../slices.ts';
import { atTerminal } from '../operator/append-act.ts';
import { StartError } from '../start-error.ts';
import { eraseListed, eraseNamedCustomer } from './erase-customer.ts';
import { exportLog } from './export/export-log.ts';
import { importLog } from './export/import-log.ts';
import { givenPath } from './given-path.ts';
import { listParked, retry, skip } from './parked.ts';
import { abandonBegunRebuild, rebuildView } from './rebuild.ts';
import type { Report } from './report.ts';
import { restoreCheck } from './restore-check.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

/** What a task was called with. */
export interface TaskCall {
  readonly source: ReadSource;
  /** True: the database runs in this process, so no projector follows. */
  readonly embedded: boolean;
  readonly given: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
}

export interface Task {
  /** Arguments after the task's name. One in brackets may be left out. */
  readonly takes: readonly string[];
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /** Text for `--help`. */
  readonly about: string;
  /** Text for the `--help` of the task alone: its options. */
  readonly details?: string;
  /** The task changes data that only the owner of the tables may change. */
  readonly asOwner?: true;
  readonly run: (call: TaskCall) => Promise<Report>;
}

const byOption = { by: { type: 'string' } } as const;
const byDetails = '  --by NAME  who does it: stored as the actor of its events; default: operator';

export const tasks: Readonly<Record<string, Task>> = {
  verify: {
    takes: [],
    about:
      'Checks that the log is complete and unchanged, and each view row against its events. Exit code 1 after a fault.',
    run: ({ source }) => verify(source, views),
  },
  status: {
    takes: [],
    about: 'Prints the position and state of each view. Exit code 1 if one has failed, or has parked streams.',
    run: ({ source }) => status(source.database, views),
  },
  parked: {
    takes: [],
    about: 'Lists the streams that the views cannot fold, with the error of each. Exit code 1 if there are any.',
    run: ({ source }) => listParked(source.database),
  },
  retry: {
    takes: ['STREAM|all'],
    options: byOption,
    about: 'Makes the projector retry a parked stream, or all of them, and waits for the result.',
    details: byDetails,
    run: call => retry(call.source.database, call.embedded, call.given[0] ?? '', actorOf(call)),
  },
  skip: {
    takes: ['STREAM', '[VERSION]'],
    options: byOption,
    about:
      'Leaves the event that cannot be folded out of the rows of a parked stream for good, and waits for the result.',
    details: `  VERSION    the version that you mean; if the stream is parked before another one, nothing is skipped\n${byDetails}`,
    run: call => {
      const [streamId = '', version] = call.given;
      const how = { streamId, version: version === undefined ? undefined : versionOf(version), actor: actorOf(call) };
      return skip(call.source.database, call.embedded, how);
    },
  },
  rebuild: {
    takes: ['VIEW'],
    options: byOption,
    about: 'Folds the log again into a view and all views with the same checkpoint. Until then, the old rows are read.',
    details: byDetails,
    run: call => rebuildView(call.source.database, call.given[0] ?? '', actorOf(call)),
  },
  'abandon-rebuild': {
    takes: [],
    options: byOption,
    about: 'Removes the rows of an unfinished rebuild.',
    details: byDetails,
    run: call => abandonBegunRebuild(call.source.database, call.embedded, actorOf(call)),
  },
  'erase-customer': {
    takes: [`[${callerIdPrefix}_…]`],
    options: { ...byOption, from: { type: 'string' } },
    about: "Erases a customer's personal data permanently, also in their orders, and waits until the views show it.",
    details: `  --from FILE  instead of a customer: erases each customer of an erasure list whose erasure is not in the log
${byDetails}

If ERASURE_LIST is set, each erasure is appended to that file first. With NODE_ENV=production it must be set.`,
    asOwner: true,
    run: call => {
      const [customerId] = call.given;
      const file = pathOf(textOf(call, 'from'));
      const list = loadErasureList(process.env);
      const task = { database: call.source.database, embedded: call.embedded, actor: actorOf(call), list };
      if ((customerId === undefined) === (file === undefined)) {
        throw new StartError('name one customer, or a file with --from');
      }
      return file === undefined ? eraseNamedCustomer(task, customerId ?? '') : eraseListed(task, file);
    },
  },
  export: {
    takes: ['FOLDER'],
    options: { format: { type: 'string', default: 'jsonl' }, personal: { type: 'boolean' } },
    about: 'Writes the log, up to its end now, into a folder. If it was killed, run it again: it continues.',
    details: `  --format jsonl    the log as it is stored, for import-log; the default
  --format parquet  events of today's form, for analysts
  --personal        with personal data, if its key was not erased: jsonl gets the keys, parquet the data itself`,
    run: call => {
      const { format } = call.options;
      if (format !== 'jsonl' && format !== 'parquet') throw new StartError('--format must be jsonl or parquet');
      const order = {
        folder: pathOf(call.given[0] ?? ''),
        format,
        personal: call.options['personal'] === true,
      } as const;
      return exportLog(call.source.database, order);
    },
  },
  'import-log': {
    takes: ['FOLDER'],
    about: 'Stores an export (jsonl) in an empty log, with the same positions and hashes, and checks each hash.',
    details: 'Stop all servers first. If it was killed, run it again: it continues.',
    asOwner: true,
    run: ({ source, embedded, given: [folder = ''] }) => importLog(source.database, embedded, pathOf(folder)),
  },
  'restore-check': {
    takes: [],
    options: { known: { type: 'string', multiple: true }, erased: { type: 'string' } },
    about:
      'Reports what a restored or promoted database lacks. Exit code 1 if it lacks anything, or if that is unknown.',
    details: `  --known POSITION  a position that the lost log had, or a file with one a line; can be repeated
  --erased FILE     the erasure list; default: ERASURE_LIST`,
    run: call => {
      const known = ((call.options['known'] ?? []) as readonly string[]).map(one =>
        parsePosition(one) ? one : pathOf(one),
      );
      const list = pathOf(textOf(call, 'erased')) ?? erasureListOf(process.env);
      return restoreCheck(call.source.database, known, list);
    },
  },
};

const longestName = 200;

function actorOf(call: TaskCall) {
  const by = textOf(call, 'by');
  if (by === undefined) return atTerminal();
  if (by.trim() === '' || by.length > longestName || /\p{Cc}/u.test(by)) {
    throw new StartError(`--by: it must be a name of at most ${longestName} characters`);
  }
  return atTerminal(by.trim());
}

function textOf({ options }: TaskCall, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function pathOf<Given extends string | undefined>(given: Given): Given;
function pathOf(given: string | undefined): string | undefined {
  return given === undefined ? undefined : givenPath('orderstream', given);
}

function versionOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new StartError(`VERSION ${text}: it must be a version as orderstream parked prints it`);
}
