import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { printed, startChild, stopChild } from './child.ts';
import { onFreePort } from './free-port.ts';
import { noteOpen } from './left-open.ts';

/** The rules that this project ships. */
export const rulesFile = fileURLToPath(new URL('../../deploy/prometheus/rules.yml', import.meta.url));

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

export async function shippedAlerts(): Promise<readonly AlertRule[]> {
  return (parse(await readFile(rulesFile, 'utf8')) as Rules).groups.flatMap(({ rules }) => rules);
}

/** A Prometheus that evaluates the shipped alerts. */
export interface Prometheus {
  /**
   * From now on it scrapes a process, as a job of this name. The ports of two processes may be the same, one after the
   * other, so each job has its own name.
   */
  scrape(job: string, probes: string, seconds: number): Promise<void>;
  /** The number of series that the query finds. */
  count(query: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it with the shipped rules, whose `for` is one second here. */
export async function startPrometheus(program: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-prometheus-'));
  const targets: { readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> }[] = [];
  const [config, rules, targetFile] = ['prometheus.yml', 'rules.yml', 'targets.json'].map(name => join(folder, name));
  const { groups } = parse(await readFile(rulesFile, 'utf8')) as Rules;
  const shortened = groups.map(group => ({ ...group, rules: group.rules.map(rule => ({ ...rule, for: '1s' })) }));
  await writeFile(rules!, stringify({ groups: shortened }));
  await writeFile(targetFile!, '[]');
  await writeFile(
    config!,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'none', file_sd_configs: [{ files: [targetFile], refresh_interval: '1s' }] }],
    }),
  );
  const start = async (port: number) => {
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = startChild(program, args, { cwd: folder, scratch: folder });
    await printed(child, /Server is ready to receive web requests/);
    return child;
  };
  const { port, opened: child } = await onFreePort(start, /address already in use/i);
  const stop = async () => {
    note.closed();
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  const note = noteOpen('Prometheus', stop);
  return {
    stop,
    async scrape(job, probes, seconds) {
      const interval = { __scrape_interval__: `${seconds}s`, __scrape_timeout__: `${seconds}s` };
      targets.push({ targets: [new URL(probes).host], labels: { job, ...interval } });
      await writeFile(targetFile!, JSON.stringify(targets));
    },
    async count(query) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await answer.json()) as { data: { result: readonly unknown[] } };
      return data.result.length;
    },
  };
}
