import type { InputIssue } from '../../graphql/command-errors.ts';
import { isTraded } from '../../money.ts';

/** The problems of a currency for a price; none if it is left out. */
export function currencyIssues(path: readonly string[], currency: string | null | undefined): InputIssue[] {
  if (currency == null || isTraded(currency)) return [];
  return [{ path, message: `Products can't be priced in ${currency}: use the code of a currency, like EUR.` }];
}
