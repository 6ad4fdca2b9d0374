// Runs in each page before the page's own scripts, and tells the harness what a person would see and what arrives.
import type { Card, Observed, ShownBoard } from '../observed.ts';
import { observeTraffic } from './observe-traffic.ts';

declare global {
  interface Window {
    /** Of the harness. It takes a JSON text. */
    orderstreamSaw: (observed: string) => Promise<void>;
    orderstreamBoard: () => ShownBoard;
    /** Clicks what matches, if there is anything. */
    orderstreamPress: (selector: string) => boolean;
    orderstreamSignIn: (viewer: string) => boolean;
  }
}

type Unstamped<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never;
export type Tell = (event: Unstamped<Observed>) => void;

const tell: Tell = event => {
  void window.orderstreamSaw(JSON.stringify({ ...event, atMs: Date.now() }));
};

const all = (selector: string, root: ParentNode = document) => [...root.querySelectorAll<HTMLElement>(selector)];

function cardOf(element: HTMLElement): Card {
  const { orderId = '', version, status = '' } = element.dataset;
  const column = element.closest<HTMLElement>('[data-column]')?.dataset['column'] ?? '';
  return { id: orderId, version: Number(version), status, column };
}

// ── cards ──

let shown = new Map<string, Card>();
let frameAsked = false;

function look(): void {
  const now = new Map(all('[data-order-id]').map(element => [element.dataset['orderId'] ?? '', cardOf(element)]));
  const changed = [...now.values()].filter(card => !sameCard(card, shown.get(card.id)));
  const gone = [...shown.keys()].filter(id => !now.has(id));
  shown = now;
  if (changed.length > 0 || gone.length > 0) tell({ kind: 'cards', changed, gone });
  if (frameAsked) return;
  frameAsked = true;
  requestAnimationFrame(() => {
    frameAsked = false;
    lookForDoubles();
  });
}

function sameCard(one: Card, other: Card | undefined): boolean {
  return other?.version === one.version && other.status === one.status && other.column === one.column;
}

function lookForDoubles(): void {
  const ids = all('[data-order-id]').map(({ dataset }) => dataset['orderId'] ?? '');
  const doubles = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (doubles.length > 0) tell({ kind: 'doubles', ids: [...new Set(doubles)] });
}

// ── connection and viewer ──

let connection: string | undefined;

function lookAtConnection(): void {
  const status = all('[data-connection]')[0]?.dataset['connection'];
  if (status === connection || status === undefined) return;
  connection = status;
  tell({ kind: 'connection', status });
}

// Before the page's own listeners: what arrives after them is of nobody, or of the next viewer.
addEventListener(
  'click',
  ({ target }) => {
    if (target instanceof Element && target.closest('[data-action="logout"]'))
      tell({ kind: 'viewer', viewer: undefined });
  },
  true,
);
addEventListener(
  'submit',
  ({ target }) => {
    const input = target instanceof Element && target.querySelector<HTMLInputElement>('[name="viewer"]');
    if (input) tell({ kind: 'viewer', viewer: input.value });
  },
  true,
);

addEventListener('unhandledrejection', ({ reason }) =>
  tell({ kind: 'failure', message: `rejected: ${String(reason)}` }),
);
addEventListener('error', ({ message }) => tell({ kind: 'failure', message }));

// ── what the harness does and asks ──

window.orderstreamBoard = () => ({
  state: all('[data-state]')[0]?.dataset['state'],
  columns: all('[data-column]').map(column => ({
    name: column.dataset['column'] ?? '',
    cards: all('[data-order-id]', column).map(cardOf),
    hasMore: column.dataset['more'] === 'true',
  })),
  counts: Object.fromEntries(
    all('[data-count]').map(({ dataset, textContent }) => [dataset['count'] ?? '', Number(textContent)]),
  ),
  queued: all('[data-queue]').map(({ textContent }) => Number(textContent))[0],
  refusals: all('[data-refusal]').map(({ dataset, textContent }) => ({
    orderId: dataset['refusal'] ?? '',
    text: textContent,
  })),
});

window.orderstreamPress = selector => {
  const button = document.querySelector<HTMLElement>(selector);
  button?.click();
  return button !== null;
};

window.orderstreamSignIn = viewer => {
  const form = document.querySelector<HTMLFormElement>('form[data-action="login"]');
  const input = form?.querySelector<HTMLInputElement>('[name="viewer"]');
  if (!form || !input) return false;
  // React notices a change of a controlled input by the prototype's setter only.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, viewer);
  input.dispatchEvent(new Event('input', { bubbles: true }));
  form.requestSubmit();
  return true;
};

tell({ kind: 'viewer', viewer: localStorage.getItem('viewer') || undefined });
observeTraffic(tell);
new MutationObserver(() => {
  look();
  lookAtConnection();
}).observe(document, { subtree: true, childList: true, attributes: true });
