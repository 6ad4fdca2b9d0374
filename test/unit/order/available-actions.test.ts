import { describe, expect, it } from 'vitest';
import { availableActions, orderActions, type OrderAction } from '../../../src/order/domain/available-actions.ts';
import type { OrderCommand } from '../../../src/order/domain/commands.ts';
import { decide } from '../../../src/order/domain/decide.ts';
import type { OrderStatus } from '../../../src/order/domain/order.ts';
import { commands, fold, histories, situations } from './orders.ts';

const commandOf: Record<OrderAction, OrderCommand> = {
  ADD_ITEM: commands.AddOrderItem,
  REMOVE_ITEM: commands.RemoveOrderItem,
  CHANGE_QUANTITY: commands.ChangeOrderItemQuantity,
  SUBMIT: commands.SubmitOrder,
  CONFIRM: commands.ConfirmOrder,
  SHIP: commands.ShipOrder,
  DELIVER: commands.DeliverOrder,
  CANCEL: commands.CancelOrder,
};
const ofStaff: readonly OrderAction[] = ['CONFIRM', 'SHIP', 'DELIVER'];

describe('availableActions', () => {
  it.each(situations.filter(situation => situation !== 'None'))(
    'in %s are the commands that decide accepts',
    situation => {
      const order = fold(histories[situation]);
      const accepted = orderActions.filter(action => decide(commandOf[action], order).type === 'accepted');
      expect(availableActions(order, 'staff')).toEqual(accepted);
      expect(availableActions(order, 'operator')).toEqual(accepted);
      expect(availableActions(order, 'customer')).toEqual(accepted.filter(action => !ofStaff.includes(action)));
    },
  );

  it('are none if there is no order', () => {
    expect(availableActions(fold(histories.None), 'staff')).toEqual([]);
  });

  it('accept the row of a view, with any lines', () => {
    const row = (status: OrderStatus) => ({ status, lines: [{ productName: 'Mug' }], number: 'K7Q2-9XF4' });
    expect(availableActions(row('DRAFT'), 'customer')).toContain('SUBMIT');
    expect(availableActions(row('SUBMITTED'), 'customer')).toEqual(['CANCEL']);
  });
});
