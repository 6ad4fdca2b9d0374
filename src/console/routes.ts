/** The paths of the pages. The server answers these with the page, and any other with 404. */
export const routes = {
  board: '/',
  order: '/orders/:number',
  newOrder: '/new',
  sales: '/sales',
  customers: '/customers',
  products: '/products',
  log: '/log',
  views: '/views',
} as const;

/** The issuer's login sends the browser back to this path. It must be a redirect URI of the client there. */
export const returnPath = '/signed-in';

export type RouteName = keyof typeof routes;

/** @param number of the order, e.g. K7Q2-9XF4 */
export function orderPath(number: string): string {
  return routes.order.replace(':number', encodeURIComponent(number));
}
