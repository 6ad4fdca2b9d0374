import { expect } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import type { PlainRows } from './plain-fold.ts';

type Row = Readonly<Record<string, unknown>>;

const longestWord = 64;

/** The words that find a text, by the rules of docs/ and the design, independent of src/. */
function words(...texts: readonly unknown[]): string[] {
  return texts.flatMap(text => {
    if (typeof text !== 'string') return [];
    const upper = text.normalize('NFKD').toLowerCase().toUpperCase();
    const plain = upper
      .toLowerCase()
      .normalize('NFKD')
      .replaceAll(/[\p{M}\p{Cf}]/gu, '')
      .replaceAll('ς', 'σ');
    return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map(word => [...word].slice(0, longestWord).join(''));
  });
}

function orderWords({ number, reference, trackingNumber, lines }: Row): string[] {
  const names = (lines as readonly Row[]).map(line => line['productName']);
  return words(number, (number as string).replace('-', ''), reference, trackingNumber, ...names);
}

function customerWords({ name, email }: Row): string[] {
  return [...words(name), ...words(email).map(word => `@${word}`)];
}

async function storedWords(database: Database, view: string, key: string): Promise<Map<string, Set<string>>> {
  const rows = await database.query<{ id: string; words: string }>(
    sql.raw(`SELECT v.${key} AS id, array_to_json(tsvector_to_array(v.search))::text AS words
     FROM ${view} v JOIN checkpoints c ON c.live AND c.generation = v.generation`),
  );
  return new Map(rows.map(({ id, words: found }) => [id, new Set(JSON.parse(found) as string[])]));
}

function wordsOfEach(rows: ReadonlyMap<string, Row>, of: (row: Row) => string[]): Map<string, Set<string>> {
  return new Map([...rows].map(([id, row]) => [id, new Set(of(row))]));
}

/** Every row is found by the words of its fold, and by no others. */
export async function expectWordsOf(database: Database, { orders, customers, products }: PlainRows): Promise<void> {
  expect(await storedWords(database, 'order_view', 'order_id')).toEqual(wordsOfEach(orders, orderWords));
  expect(await storedWords(database, 'customer_view', 'customer_id')).toEqual(wordsOfEach(customers, customerWords));
  const productWords = ({ sku, name }: Row): string[] => words(sku, name);
  expect(await storedWords(database, 'product_view', 'product_id')).toEqual(wordsOfEach(products, productWords));
}
