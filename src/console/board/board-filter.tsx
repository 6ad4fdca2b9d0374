import { SearchField } from '../parts/search-field.tsx';
import { periods, sorts, type useBoardFilter } from './use-board-filter.ts';

export function BoardFilter(props: ReturnType<typeof useBoardFilter>) {
  const { search, setSearch, period, setPeriod, sort, setSort } = props;
  return (
    <search className="board-filter">
      <SearchField label="Search orders" placeholder="Number, customer, product…" value={search} onChange={setSearch} />
      <Choice label="Period" options={periods} value={period} onChange={setPeriod} />
      <Choice label="Order" options={sorts} value={sort} onChange={setSort} />
    </search>
  );
}

function Choice(props: {
  label: string;
  options: Readonly<Record<string, string>>;
  value: string;
  onChange: (value: string) => void;
}) {
  const { label, options, value, onChange } = props;
  return (
    <select
      aria-label={label}
      value={value in options ? value : ''}
      onChange={({ target }) => {
        onChange(target.value);
      }}
    >
      {Object.entries(options).map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}
