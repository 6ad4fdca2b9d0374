// Runs in the browser, beside GraphiQL: provides the tabs, and keeps a subscription running while other tabs are
// used, which GraphiQL itself does not. `npm run build` bundles it with our client.
import { browser } from './browser.ts';
import { Watch } from './watch.ts';

interface Tab {
  readonly id: string;
  readonly query: string | null;
  readonly variables?: string | null;
  readonly headers?: string | null;
}

interface TabState {
  readonly tabs: readonly Tab[];
  readonly activeTabIndex: number;
}

interface Operation {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Record<string, unknown>;
}

/** The part of GraphQL's DocumentNode that is used here. */
interface Document {
  readonly definitions: readonly {
    readonly operation?: string;
    readonly name?: { readonly value: string };
  }[];
}

const { document, location, sessionStorage, YogaGraphiQL } = browser;
const { heading, tabs, headers, fresh, workers } = JSON.parse(document.getElementById('page')?.textContent ?? '') as {
  readonly heading: string;
  readonly tabs: readonly Omit<Tab, 'id'>[];
  readonly headers: string;
  readonly fresh: readonly string[];
  readonly workers: Readonly<Record<string, string>>;
};
browser.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => workers[label] };

const restoredState = restored();

/** Restores the tabs after a reload. The ids and tokens of the last load in them are replaced by those of this load. */
function restored(): TabState | undefined {
  const stale = JSON.parse(sessionStorage.getItem('fresh') ?? '[]') as string[];
  for (const key of Object.keys(sessionStorage)) {
    const text = sessionStorage.getItem(key) ?? '';
    sessionStorage.setItem(
      key,
      stale.reduce((now, old, index) => now.replaceAll(old, fresh[index] ?? old), text),
    );
  }
  sessionStorage.setItem('fresh', JSON.stringify(fresh));

  // GraphiQL finds the active tab by these values: if they differ from that tab's, it opens another tab.
  const state = JSON.parse(sessionStorage.getItem('graphiql:tabState') ?? 'null') as TabState | null;
  const shown = state?.tabs[state.activeTabIndex];
  for (const part of shown ? (['query', 'variables', 'headers'] as const) : []) {
    const value = shown?.[part];
    if (value) sessionStorage.setItem(`graphiql:${part}`, value);
    else sessionStorage.removeItem(`graphiql:${part}`);
  }
  return state ?? undefined;
}

/** The running subscriptions, by the id of the tab in which each was started. */
const watches = new Map<string, Watch & { readonly key: string }>();
let shownTab = '';
/** The active tab has a running subscription, which is displayed as soon as GraphiQL has loaded the tab's operation. */
let displaysOnEdit = false;
/** The next execution only displays a running subscription again: the user did not start it. */
let redisplay = false;

function onTabChange({ tabs: now, activeTabIndex }: TabState): void {
  const { id } = now[activeTabIndex] ?? { id: '' };
  if (id === shownTab) return;
  shownTab = id;
  for (const tab of watches.keys()) if (!now.some(each => each.id === tab)) stop(tab);
  displaysOnEdit = watches.has(id);
}

/**
 * GraphiQL also calls this shortly after the active tab changes; until then it still has the operation of the
 * previous tab.
 */
function onEditQuery(): void {
  if (displaysOnEdit) {
    redisplay = true;
    document.querySelector('.graphiql-execute-button')?.click();
  }
  displaysOnEdit = false;
}

function stop(tab: string): void {
  watches.get(tab)?.close();
  watches.delete(tab);
}

function fetcher(
  { query, operationName, variables }: Operation,
  options: { readonly headers?: Record<string, string>; readonly documentAST?: Document } = {},
): unknown {
  const payload = { query, operationName: operationName ?? undefined, variables };
  const tabHeaders = options.headers ?? {};
  const subscribes = options.documentAST?.definitions.some(
    ({ operation, name }) => operation === 'subscription' && (!operationName || name?.value === operationName),
  );
  if (!subscribes) return execute(payload, tabHeaders);
  const key = JSON.stringify([payload, tabHeaders]);
  const tab = shownTab;
  let watch = watches.get(tab);
  if (watch?.key !== key || (watch.ended && !redisplay)) {
    stop(tab);
    const url = `${location.origin.replace('http', 'ws')}/graphql`;
    watch = Object.assign(new Watch(url, payload, tabHeaders), { key });
    watches.set(tab, watch);
  }
  redisplay = false;
  return watch.shown(() => {
    // GraphiQL calls this for its stop button and for a change of tabs; after this tick, `shownTab` differs only in
    // the second case.
    setTimeout(() => {
      if (tab === shownTab) stop(tab);
    });
  });
}

async function execute(payload: object, tabHeaders: Record<string, string>): Promise<unknown> {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...tabHeaders },
    body: JSON.stringify(payload),
  });
  return answer.json();
}

YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  title: heading,
  logo: ' ',
  defaultTabs: tabs,
  // Variables and headers of the first tab, which GraphiQL does not take from `defaultTabs`.
  ...(!restoredState && { variables: tabs[0]?.variables, initialHeaders: tabs[0]?.headers }),
  headers,
  fetcher,
  onTabChange,
  storage: sessionStorage,
  onEditQuery, // replaces the package's own handler, which writes each edit into the URL of the page
});
