import { momentText } from '../parts/format.ts';
import { eventWords } from './event-words.ts';
import type { HistoryEvent } from './use-order-history.ts';

/** Goes back to any version of the order, by mouse, finger or arrow keys. */
export function TimeSlider(props: {
  events: readonly HistoryEvent[];
  newest: number;
  version: number;
  onChange: (version: number) => void;
}) {
  const { events, newest, version, onChange } = props;
  const event = events.find(one => one.version === version);
  const text = event ? `${eventWords(event.type)}, ${momentText(event.recordedAt)}` : '';
  const isNow = version >= newest;
  return (
    <div className="time-slider">
      <div className="row spread">
        <label htmlFor="time-slider">{isNow ? 'Now' : `Version ${version} of ${newest}`}</label>
        <span className="quiet small">{isNow ? `Version ${newest}. Drag back to see its past.` : text}</span>
      </div>
      <input
        id="time-slider"
        type="range"
        min={1}
        max={Math.max(newest, 1)}
        value={version}
        disabled={newest < 2}
        aria-valuetext={isNow ? `Now, version ${newest}` : `Version ${version}: ${text}`}
        onChange={({ target }) => {
          onChange(target.valueAsNumber);
        }}
      />
    </div>
  );
}
