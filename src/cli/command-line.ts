import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { misspeltKeys } from '../config.ts';
import { StartError } from '../start-error.ts';
import { readOnlyLine } from './read-only-line.ts';

/** A program that is started from a terminal. */
export interface Command<Options extends CommandOptions = CommandOptions> {
  /** How it is started, in one line: `npm run import -- FILE`. Errors repeat it. */
  readonly usage: string;
  /** What it does and what each option means, in lines for `--help`. */
  readonly about: string;
  /** Beside `--help` and `--version`, which each command has. */
  readonly options?: Options;
  /** How many arguments may follow, beside the options. None if left out. */
  readonly arguments?: number;
}

type CommandOptions = NonNullable<ParseArgsConfig['options']>;

/** What was given to a command: `values` by the names of its options, and `positionals`. */
type Given<Options extends CommandOptions> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>;

const always = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;

/**
 * Reads a command's arguments. `--help` and `--version` are answered here, on standard output.
 * @param args those after the program's name
 * @returns undefined if one of the two was given: the command has nothing else to do
 * @throws StartError, a line, if there is an option or argument that the command does not have
 */
export function readCommandLine<const Options extends CommandOptions>(
  command: Command<Options>,
  args: readonly string[] = process.argv.slice(2),
): Given<Options> | undefined {
  // Behind `--` an argument is no option, however it looks.
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
    // Node's message goes on in further sentences about how options are written.
    throw new StartError(`${(error as Error).message.split(/\n|\. /, 1)[0]}: ${command.usage}`);
  }
  const [unexpected] = given.positionals.slice(command.arguments ?? 0);
  if (unexpected !== undefined) throw new StartError(`Unexpected argument '${unexpected}': ${command.usage}`);
  return given;
}

/**
 * Runs a command of the terminal from its arguments to its exit code: errors are printed on standard error, and the exit
 * code is 1 then.
 * @param run does the work. @returns the exit code
 * @param explain what to print of an error
 */
export async function runCommand<const Options extends CommandOptions>(
  command: Command<Options>,
  run: (given: Given<Options>) => Promise<number>,
  explain: (error: unknown) => string = explainError,
): Promise<void> {
  try {
    const given = readCommandLine(command);
    if (given === undefined) return;
    for (const line of misspeltKeys(process.env)) console.error(line);
    process.exitCode = await run(given);
  } catch (error) {
    // Ctrl-C came before the command had begun its work.
    if ((error as Error).name === 'AbortError') return;
    console.error(explain(error));
    process.exitCode = 1;
  }
}

/** One line if the operator can mend it; a stack if it is a fault of the program. */
export function explainError(error: unknown): string {
  if (error instanceof StartError) return error.message;
  const readOnly = readOnlyLine(error);
  if (readOnly !== undefined) return readOnly;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function helpOf({ usage, about }: Command): string {
  return `${usage}\n\n${about.trimEnd()}\n\n  --help     prints this, and does nothing else\n  --version  prints the version, and does nothing else`;
}

function programVersion(): string {
  // The same from src/ and from dist/.
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
