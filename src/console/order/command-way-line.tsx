import type { CommandWay } from './use-timed-command.ts';

/** How long the last command took to each of its stations. */
export function CommandWayLine({ way }: { way: CommandWay }) {
  const { what, visibleMs, answeredMs, pushedMs } = way;
  return (
    <div className="way">
      <p className="quiet small">{what}: ms since your click</p>
      <dl>
        <Station name="visible" ms={visibleMs} meaning="shown on this page before the server answered" />
        <Station name="answered" ms={answeredMs} meaning="stored: the server's answer was here" />
        <Station name="pushed" ms={pushedMs} meaning="the frame with the new version came over the socket" />
      </dl>
    </div>
  );
}

function Station({ name, ms, meaning }: { name: string; ms: number | undefined; meaning: string }) {
  return (
    <div data-station={name} title={meaning}>
      <dt>{name}</dt>
      <dd>{ms === undefined ? '…' : ms.toFixed(ms < 10 ? 1 : 0)}</dd>
    </div>
  );
}
