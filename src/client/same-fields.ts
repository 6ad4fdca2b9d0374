/** Whether two objects have the same values under the same keys. */
export function hasSameFields(left: object, right: object): boolean {
  const values = new Map(Object.entries(right));
  const entries = Object.entries(left);
  return (
    entries.length === values.size && entries.every(([key, value]) => values.has(key) && values.get(key) === value)
  );
}
