/** `OrderItemAdded` as "Order item added": the types of events are sentences already. */
export function eventWords(type: string): string {
  const words = type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
