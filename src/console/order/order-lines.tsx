import type { OrderDetailFragment } from '../generated/graphql.ts';
import { moneyText } from '../parts/format.ts';
import { compareLines, type Difference, type DifferingLine } from './compare-revision.ts';
import type { PastOrder } from './use-past-order.ts';

const marks: Readonly<Record<Difference, string>> = {
  same: '',
  added: 'added later',
  removed: 'removed later',
  changed: '',
};

/** The lines and their sum: as they are, or as they were, with what has changed since. */
export function OrderLines({ order, past }: { order: OrderDetailFragment; past: PastOrder | undefined }) {
  const lines: readonly DifferingLine[] = past
    ? compareLines(
        past.lines.map(({ lineId, ...line }) => ({ id: lineId, ...line })),
        order.lines,
      )
    : order.lines.map(line => ({ line, difference: 'same', quantityNow: undefined }));
  const total = past?.total ?? order.total;
  const hasOtherTotal = past !== undefined && past.total.amount !== order.total.amount;
  if (lines.length === 0) return <p className="body quiet order-no-lines">This order has no lines yet.</p>;
  return (
    <div className="scroll-x">
      <table className="order-lines">
        <thead>
          <tr>
            <th>Product</th>
            <th className="number">Quantity</th>
            <th className="number">Price</th>
            <th className="number">Sum</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ line, difference, quantityNow }) => (
            <tr key={line.id} data-difference={difference}>
              <td>
                {line.productName} {marks[difference] !== '' && <em>{marks[difference]}</em>}
              </td>
              <td className="number">
                {line.quantity}
                {difference === 'changed' && <em> now {quantityNow}</em>}
              </td>
              <td className="number">{moneyText(line.unitPrice)}</td>
              <td className="number">{moneyText(line.subtotal)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th colSpan={3}>Total</th>
            <td className="number">
              <strong>{moneyText(total)}</strong>
              {hasOtherTotal && <em> now {moneyText(order.total)}</em>}
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
