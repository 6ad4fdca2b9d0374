import { eventWords } from '../order/event-words.ts';
import { SearchField } from '../parts/search-field.tsx';
import { isEmpty, type LogFilter, whoWords } from './log-filter.ts';

export function LogFilterFields(props: {
  filter: LogFilter;
  /** The types of the events that were read. */
  types: readonly string[];
  onChange: (values: Readonly<Record<string, string>>) => void;
}) {
  const { filter, types, onChange } = props;
  const offered = filter.type === '' || types.includes(filter.type) ? types : [filter.type, ...types];
  return (
    <search className="log-filter">
      <select
        aria-label="Type"
        value={filter.type}
        onChange={({ target }) => {
          onChange({ type: target.value });
        }}
      >
        <option value="">All types</option>
        {offered.map(type => (
          <option key={type} value={type}>
            {eventWords(type)}
          </option>
        ))}
      </select>
      <select
        aria-label="Who"
        value={filter.who in whoWords ? filter.who : ''}
        onChange={({ target }) => {
          onChange({ who: target.value });
        }}
      >
        {Object.entries(whoWords).map(([who, words]) => (
          <option key={who} value={who}>
            {words}
          </option>
        ))}
      </select>
      <SearchField
        label="Stream id"
        placeholder="Stream id"
        value={filter.stream}
        onChange={value => {
          onChange({ stream: value });
        }}
      />
      <SearchField
        label="Correlation id of a request"
        placeholder="Correlation id"
        value={filter.request}
        onChange={value => {
          onChange({ request: value });
        }}
      />
      {!isEmpty(filter) && (
        <button
          className="plain"
          onClick={() => {
            onChange({ type: '', stream: '', request: '', who: '' });
          }}
        >
          Clear
        </button>
      )}
    </search>
  );
}
