import type { ComponentType } from 'react';
import { type RouteName, routes } from './routes.ts';
import type { RoleName } from './sign-in/role-name.ts';

/** A page of the console. Its code is loaded when it is first shown. */
export interface Page {
  /** Path with parameters, e.g. `/orders/:number`: they are the page's props. */
  readonly path: string;
  readonly title: string;
  /** Its name in the navigation. Undefined: it is reached from another page. */
  readonly link?: string;
  /** Who may see it. The server checks every request all the same. */
  readonly roles: readonly RoleName[];
  readonly load: () => Promise<ComponentType<Readonly<Record<string, string>>>>;
}

const everyone: readonly RoleName[] = ['staff', 'customer', 'operator'];
const inside: readonly RoleName[] = ['staff', 'operator'];

/** All pages, in the order of the navigation. A new page is a folder, a route in routes.ts, and an entry here. */
export const pages: Readonly<Record<RouteName, Page>> = {
  board: {
    path: routes.board,
    title: 'Board',
    link: 'Board',
    roles: everyone,
    load: async () => (await import('./board/board-page.tsx')).BoardPage,
  },
  newOrder: {
    path: routes.newOrder,
    title: 'New order',
    link: 'New order',
    roles: everyone,
    load: async () => (await import('./new-order/new-order-page.tsx')).NewOrderPage,
  },
  order: {
    path: routes.order,
    title: 'Order',
    roles: everyone,
    load: async () => (await import('./order/order-page.tsx')).OrderPage as ComponentType<Record<string, string>>,
  },
  sales: {
    path: routes.sales,
    title: 'Sales',
    link: 'Sales',
    roles: inside,
    load: async () => (await import('./sales/sales-page.tsx')).SalesPage,
  },
  customers: {
    path: routes.customers,
    title: 'Customers',
    link: 'Customers',
    roles: inside,
    load: async () => (await import('./customers/customers-page.tsx')).CustomersPage,
  },
  products: {
    path: routes.products,
    title: 'Products',
    link: 'Products',
    roles: everyone,
    load: async () => (await import('./products/products-page.tsx')).ProductsPage,
  },
  log: {
    path: routes.log,
    title: 'Log',
    link: 'Log',
    roles: inside,
    load: async () => (await import('./log/log-page.tsx')).LogPage,
  },
  views: {
    path: routes.views,
    title: 'Read models',
    link: 'Read models',
    roles: inside,
    load: async () => (await import('./views/views-page.tsx')).ViewsPage,
  },
};
