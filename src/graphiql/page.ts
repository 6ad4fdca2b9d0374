// Runs in the browser, beside GraphiQL: gives it its tabs, and lets a subscription run on while other tabs are used, which
// GraphiQL by itself ends. `npm run build` makes one script of it and of our own client.
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

/** As much of GraphQL's DocumentNode as is read here. */
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

const kept = restored();

/** What was typed outlives a reload; ids and tokens of the load before give way to fresh ones. */
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

  // By these GraphiQL finds the tab that was shown: if they are not that tab's, it opens one more.
  const state = JSON.parse(sessionStorage.getItem('graphiql:tabState') ?? 'null') as TabState | null;
  const shown = state?.tabs[state.activeTabIndex];
  for (const part of shown ? (['query', 'variables', 'headers'] as const) : []) {
    const value = shown?.[part];
    if (value) sessionStorage.setItem(`graphiql:${part}`, value);
    else sessionStorage.removeItem(`graphiql:${part}`);
  }
  return state ?? undefined;
}

/** By the id of the tab that it was started in: each subscription that was not stopped. */
const watches = new Map<string, Watch & { readonly key: string }>();
let shownTab = '';
/** The tab that is shown now has a watch, which is to be shown as soon as GraphiQL knows the tab's operation. */
let returns = false;
/** The next execution was not asked for by the user: it only shows the watch again. */
let showsAgain = false;

function onTabChange({ tabs: now, activeTabIndex }: TabState): void {
  const { id } = now[activeTabIndex] ?? { id: '' };
  if (id === shownTab) return;
  shownTab = id;
  for (const tab of watches.keys()) if (!now.some(each => each.id === tab)) stop(tab);
  returns = watches.has(id);
}

/** GraphiQL calls this soon after a change of tabs too. Before that it does not know the shown tab's operation. */
function onEditQuery(): void {
  if (returns) {
    showsAgain = true;
    document.querySelector('.graphiql-execute-button')?.click();
  }
  returns = false;
}

function stop(tab: string): void {
  watches.get(tab)?.close();
  watches.delete(tab);
}

function fetcher(
  { query, operationName, variables }: Operation,
  given: { readonly headers?: Record<string, string>; readonly documentAST?: Document } = {},
): unknown {
  const payload = { query, operationName: operationName ?? undefined, variables };
  const ofTab = given.headers ?? {};
  const subscribes = given.documentAST?.definitions.some(
    ({ operation, name }) => operation === 'subscription' && (!operationName || name?.value === operationName),
  );
  if (!subscribes) return ask(payload, ofTab);
  const key = JSON.stringify([payload, ofTab]);
  const tab = shownTab;
  let watch = watches.get(tab);
  if (watch?.key !== key || (watch.over && !showsAgain)) {
    stop(tab);
    const url = `${location.origin.replace('http', 'ws')}/graphql`;
    watch = Object.assign(new Watch(url, payload, ofTab), { key });
    watches.set(tab, watch);
  }
  showsAgain = false;
  return watch.shown(() => {
    // GraphiQL's stop button and a change of tabs come the same way; a moment later they differ.
    setTimeout(() => {
      if (tab === shownTab) stop(tab);
    });
  });
}

async function ask(payload: object, ofTab: Record<string, string>): Promise<unknown> {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...ofTab },
    body: JSON.stringify(payload),
  });
  return answer.json();
}

YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  title: heading,
  logo: ' ',
  defaultTabs: tabs,
  // Of a first tab, which GraphiQL does not find by itself.
  ...(!kept && { variables: tabs[0]?.variables, initialHeaders: tabs[0]?.headers }),
  headers,
  fetcher,
  onTabChange,
  storage: sessionStorage,
  onEditQuery, // instead of the package's own, which writes each edit into the page's address
});
