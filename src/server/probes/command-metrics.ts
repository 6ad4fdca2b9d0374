import { Counter, Histogram, type Registry } from 'prom-client';
import type { CommandReport } from '../../commands/command-bus.ts';
import { openTally, TalliedHistogram } from './tally.ts';

export interface CommandMetrics {
  readonly commandSettled: (report: CommandReport) => void;
  /** One call of append_events(), with the number of its commands. */
  readonly appended: (commands: number) => void;
  readonly flush: () => void;
}

/** Commands, from the bus to the log. @param aggregates the stream types of all commands */
export function openCommandMetrics(registers: Registry[], aggregates: readonly string[]): CommandMetrics {
  const commands = new Counter({
    name: 'orderstream_commands_total',
    help: 'Commands by outcome.',
    labelNames: ['aggregate', 'command', 'outcome'],
    registers,
  });
  const durations = new TalliedHistogram({
    name: 'orderstream_command_duration_seconds',
    help: 'Duration of a command, from its start to its outcome.',
    label: { name: 'aggregate', values: aggregates },
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const attempts = new Counter({
    name: 'orderstream_command_attempts_total',
    help: 'Decisions made for commands; more than commands if nodes conflicted or a cache was stale.',
    labelNames: ['aggregate'],
    registers,
  });
  const batches = new Histogram({
    name: 'orderstream_append_batch_commands',
    help: 'Commands in one call of append_events().',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 200],
    registers,
  });
  const settled = openTally<'aggregate' | 'command' | 'outcome'>(commands);
  const decided = openTally<'aggregate'>(attempts);
  return {
    commandSettled(report) {
      const { streamType: aggregate, command, outcome } = report;
      settled.add(`${aggregate} ${command} ${outcome}`, 1, () => ({ aggregate, command, outcome }));
      decided.add(aggregate, report.attempts, () => ({ aggregate }));
      durations.add(aggregate, report.milliseconds / 1000);
    },
    appended: size => batches.observe(size),
    flush() {
      settled.flush();
      decided.flush();
    },
  };
}
