import {
  boardDocuments,
  commandDocument,
  type CommandName,
  countsDocument,
  orderDocument,
  readDocument,
} from '@orderstream/client';
import { type DocumentNode, Kind, parse } from 'graphql';
import * as simulated from '../simulation/operations.ts';
import { columns } from './board/columns.ts';
import * as generated from './generated/graphql.ts';

const sorts = ['CREATED_AT', 'UPDATED_AT', 'TOTAL'] as const;

const commands: readonly CommandName[] = [
  ...(['createOrder', 'addOrderItem', 'changeOrderItemQuantity', 'removeOrderItem'] as const),
  ...(['submitOrder', 'confirmOrder', 'shipOrder', 'deliverOrder', 'cancelOrder'] as const),
  ...(['registerCustomer', 'renameCustomer', 'eraseCustomer', 'addProduct', 'changeProduct'] as const),
];

/** Every document that the page sends: what a server that accepts only trusted documents has to know. */
export const documents: readonly DocumentNode[] = [
  ...Object.values(generated as Readonly<Record<string, DocumentNode>>).filter(isOperation),
  ...sorts.flatMap(field =>
    boardDocuments({ fragment: generated.BoardCardFragmentDoc, columns, orderBy: { field, direction: 'DESC' } }),
  ),
  orderDocument(generated.OrderDetailFragmentDoc),
  countsDocument(),
  ...commands.map(commandDocument),
  ...(['Order', 'Customer', 'Product'] as const).map(readDocument),
  ...Object.values(simulated).map(text => parse(text)),
];

/** Those that are sent past the client, which would add fields. */
export const sentAsWritten: readonly DocumentNode[] = [
  generated.StaffHeadDocument,
  generated.CustomerHeadDocument,
  generated.FreshOrdersDocument,
  generated.FreshOwnOrdersDocument,
  generated.ViewerRoleDocument,
];

function isOperation({ definitions }: DocumentNode): boolean {
  return definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION);
}
