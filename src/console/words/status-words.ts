import type { OrderAction, OrderStatus } from '../generated/schema-enums.ts';

export const statusWords: Readonly<Record<OrderStatus, string>> = {
  DRAFT: 'Draft',
  SUBMITTED: 'Submitted',
  CONFIRMED: 'Confirmed',
  SHIPPED: 'Shipped',
  DELIVERED: 'Delivered',
  CANCELLED: 'Cancelled',
};

export const actionWords: Readonly<Record<OrderAction, string>> = {
  ADD_ITEM: 'Add',
  REMOVE_ITEM: 'Remove',
  CHANGE_QUANTITY: 'Change quantity',
  SUBMIT: 'Submit',
  CONFIRM: 'Confirm',
  SHIP: 'Ship',
  DELIVER: 'Mark as delivered',
  CANCEL: 'Cancel order',
};
