/** A random id, or an idempotency key, as the API expects it from clients. Not `randomUUID()`: browsers offer it over HTTPS only. */
export function newId(kind: 'ord' | 'lin' | 'key'): string {
  const uuid = '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit => {
    const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
    return (Number(digit) ^ (random & (15 >> (Number(digit) / 4)))).toString(16);
  });
  return `${kind}_${uuid}`;
}
