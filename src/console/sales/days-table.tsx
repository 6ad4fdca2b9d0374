import { countText, moneyText } from '../parts/format.ts';
import type { DayOfSales } from './sales-days.ts';

/** The chart in numbers, newest day first. @param props.days on which something was sold */
export function DaysTable({ days }: { days: readonly DayOfSales[] }) {
  return (
    <div className="sales-days" tabIndex={0} role="region" aria-label="Revenue per day, as a table">
      <table>
        <thead>
          <tr>
            <th>Day</th>
            <th className="number">Orders</th>
            <th className="number">Units</th>
            <th className="number">Revenue</th>
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map(({ date, orderCount, itemCount, revenue }) => (
            <tr key={date} data-day={date}>
              <td>{date}</td>
              <td className="number">{countText(orderCount)}</td>
              <td className="number">{countText(itemCount)}</td>
              <td className="number">{moneyText(revenue)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
