import type { PagePlaceFragment } from '../generated/graphql.ts';
import { countedText, countText } from './format.ts';

/** The size of the list, and buttons to its next and previous page. */
export function Pager(props: {
  /** What the list holds, in the singular. */
  noun: string;
  shown: number;
  /** null: too many to count. */
  total: number | null | undefined;
  place: PagePlaceFragment;
  onTurn: (to: { readonly after: string; readonly before: string }) => void;
}) {
  const { noun, shown, total, place, onTurn } = props;
  const isWhole = !place.hasNextPage && !place.hasPreviousPage;
  const all = total == null ? 'more than 10,000' : countText(total);
  return (
    <nav className="pager" aria-label={`Pages of ${noun}s`}>
      <span className="quiet small" role="status">
        {isWhole ? countedText(shown, noun) : `${countText(shown)} of ${all} ${noun}s`}
      </span>
      {!isWhole && (
        <span className="row">
          <button
            disabled={!place.hasPreviousPage}
            onClick={() => {
              onTurn({ after: '', before: place.startCursor ?? '' });
            }}
          >
            Newer
          </button>
          <button
            disabled={!place.hasNextPage}
            onClick={() => {
              onTurn({ after: place.endCursor ?? '', before: '' });
            }}
          >
            Older
          </button>
        </span>
      )}
    </nav>
  );
}
