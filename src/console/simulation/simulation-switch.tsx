import { useStore } from '@orderstream/client/react';
import * as Switch from '@radix-ui/react-switch';
import { useId } from 'react';
import { Problem } from '../parts/problem.tsx';
import { createStore } from '@orderstream/client';

interface Simulation {
  readonly isOn: boolean;
  /** The last deed. */
  readonly line: string | undefined;
  readonly error: unknown;
}

// It goes on while other pages are shown.
const simulation = createStore<Simulation>({ isOn: false, line: undefined, error: undefined });
let running = new AbortController();

async function start(): Promise<void> {
  running = new AbortController();
  const { signal } = running;
  simulation.set({ isOn: true, line: 'Opening the shop…', error: undefined });
  try {
    // Its code is loaded only now: most visits of the board need none of it.
    const { runSimulation } = await import('./run-simulation.ts');
    await runSimulation(signal, line => {
      if (!signal.aborted) simulation.set({ isOn: true, line, error: undefined });
    });
  } catch (error) {
    if (!signal.aborted) simulation.set({ isOn: false, line: undefined, error });
  }
}

function stop(): void {
  running.abort();
  simulation.set({ isOn: false, line: undefined, error: undefined });
}

/** In development: people trade as in `npm run simulate`, sent by this page. */
export function SimulationSwitch() {
  const { isOn } = useStore(simulation);
  const id = useId();
  return (
    <div className="row simulation-switch">
      <label htmlFor={id}>Simulation</label>
      <Switch.Root
        id={id}
        className="switch"
        checked={isOn}
        onCheckedChange={checked => {
          if (checked) void start();
          else stop();
        }}
      >
        <Switch.Thumb />
      </Switch.Root>
    </div>
  );
}

/** The same, where nothing happens yet. */
export function StartSimulation() {
  const { isOn } = useStore(simulation);
  return (
    <button className="primary" disabled={isOn} onClick={() => void start()}>
      {isOn ? 'Starting…' : 'Start the simulation'}
    </button>
  );
}

export function SimulationLine() {
  const { line, error } = useStore(simulation);
  if (error !== undefined) return <Problem error={error} />;
  return (
    <p className="simulation-line quiet small" data-simulation={line === undefined ? 'off' : 'on'}>
      {line !== undefined && `Sent by the simulation: ${line}`}
    </p>
  );
}
