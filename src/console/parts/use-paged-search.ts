import { useSettledSearch } from './use-settled-search.ts';
import { useUrlValues } from './use-url-values.ts';

/** Rows of a page. */
const pageSize = 25;

/** A search and a place in its list, as the URL says, and the variables that ask for them. */
export function usePagedSearch() {
  const [get, set] = useUrlValues();
  const search = get('q');
  const settled = useSettledSearch(search);
  const [after, before] = [get('after'), get('before')];
  const page = before === '' ? { first: pageSize, after: after === '' ? null : after } : { last: pageSize, before };
  return {
    search,
    settled,
    setSearch: (q: string) => {
      // Another search is another list: its cursors are not those of this one.
      set({ q, after: '', before: '' });
    },
    turn: (to: { readonly after: string; readonly before: string }) => {
      set(to, { push: true });
    },
    isFirstPage: after === '' && before === '',
    variables: { ...page, search: settled === '' ? null : settled },
  };
}
