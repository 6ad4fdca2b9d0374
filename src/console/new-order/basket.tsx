import { moneyText } from '../parts/format.ts';
import type { DraftLine } from './draft-queue.ts';

/** The lines of the draft. A line that the server has not confirmed yet is marked. */
export function Basket(props: {
  lines: readonly DraftLine[];
  isDraft: boolean;
  onChange: (line: DraftLine, quantity: number) => void;
}) {
  const { lines, isDraft, onChange } = props;
  if (lines.length === 0) return <p className="body quiet">Nothing yet. Add a product.</p>;
  return (
    <ul className="basket-lines">
      {lines.map(line => (
        <li key={line.id} data-line={line.id} data-pending={line.isPending || undefined}>
          <span className="basket-name">{line.productName}</span>
          <span className="quiet small">{moneyText(line.unitPrice)}</span>
          <span className="stepper">
            {isDraft && (
              <button
                className="icon"
                aria-label={line.quantity === 1 ? `Remove ${line.productName}` : `One ${line.productName} less`}
                onClick={() => {
                  onChange(line, line.quantity - 1);
                }}
              >
                −
              </button>
            )}
            <output aria-label={`Quantity of ${line.productName}`}>{line.quantity}</output>
            {isDraft && (
              <button
                className="icon"
                aria-label={`One ${line.productName} more`}
                onClick={() => {
                  onChange(line, line.quantity + 1);
                }}
              >
                +
              </button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
