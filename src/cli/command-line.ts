import { parseArgs, type ParseArgsConfig } from 'node:util';
import { settingTypos } from '../config/setting-typos.ts';
import { programVersion } from '../program-version.ts';
import { StartError } from '../start-error.ts';
import { readOnlyLine } from './read-only-line.ts';

/** A program that an operator starts in a terminal. */
export interface Command<Options extends CommandOptions = CommandOptions> {
  /** The command line: `npm run import -- FILE`. Errors repeat it. */
  readonly usage: string;
  /** What the command does and what each option means; printed by `--help`. */
  readonly about: string;
  /** Options in addition to `--help` and `--version`, which each command has. */
  readonly options?: Options;
  /** Maximum number of arguments in addition to the options; default: 0. */
  readonly arguments?: number;
}

type CommandOptions = NonNullable<ParseArgsConfig['options']>;

/** The parsed arguments: `values` by the names of the options, and `positionals`. */
type Given<Options extends CommandOptions> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>;

const always = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;

/**
 * Parses the arguments of a command. `--help` and `--version` are handled here and print to standard output.
 * @param args arguments after the program's name
 * @returns undefined after `--help` or `--version`: the command has nothing else to do
 * @throws StartError with one line, if there is an option or argument that the command does not have
 */
export function readCommandLine<const Options extends CommandOptions>(
  command: Command<Options>,
  args: readonly string[] = process.argv.slice(2),
): Given<Options> | undefined {
  // After `--`, an argument is never an option.
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  if (before.includes('--help') || before.includes('-h')) {
    console.log(helpOf(command));
    return undefined;
  }
  if (before.includes('--version')) {
    console.log(`Orderstream ${programVersion()}`);
    return undefined;
  }
  let given: Given<Options>;
  try {
    const options = { ...command.options, ...always } as unknown as Options;
    given = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Only the first sentence of Node's message: the others explain how options are written.
    throw new StartError(`${(error as Error).message.split(/\n|\. /, 1)[0]}: ${command.usage}`);
  }
  const [unexpected] = given.positionals.slice(command.arguments ?? 0);
  if (unexpected !== undefined) throw new StartError(`Unexpected argument '${unexpected}': ${command.usage}`);
  return given;
}

/**
 * Runs a command from its arguments to its exit code. An error is printed to standard error, and the exit code is
 * then 1.
 * @param run does the work. @returns the exit code
 * @param explain converts an error to the text that is printed
 */
export async function runCommand<const Options extends CommandOptions>(
  command: Command<Options>,
  run: (given: Given<Options>) => Promise<number>,
  explain: (error: unknown) => string = explainError,
): Promise<void> {
  try {
    const given = readCommandLine(command);
    if (given === undefined) return;
    for (const line of settingTypos(process.env)) console.error(line);
    process.exitCode = await run(given);
  } catch (error) {
    // Ctrl-C came before the command started its work.
    if ((error as Error).name === 'AbortError') return;
    console.error(explain(error));
    process.exitCode = 1;
  }
}

/** One line if the operator can fix the cause; a stack if the program has a bug. */
export function explainError(error: unknown): string {
  if (error instanceof StartError) return error.message;
  const readOnly = readOnlyLine(error);
  if (readOnly !== undefined) return readOnly;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function helpOf({ usage, about, options }: Command): string {
  const json =
    options && 'json' in options ? '  --json     prints JSON for programs; docs/operating/commands.md\n' : '';
  return `${usage}\n\n${about.trimEnd()}\n\n${json}  --help     prints this help\n  --version  prints the version`;
}
