/**
 * Runs in the page, beside GraphiQL: fills its tabs in, and lets a subscription go on while other tabs are used, where
 * GraphiQL by itself ends what runs in a tab when another one is chosen.
 */
export const script = /* js */ `'use strict';
const { heading, tabs, headers, fresh, workers } = JSON.parse(document.getElementById('page').textContent);
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => workers[label] };

// What was typed outlives a reload; ids and tokens of the load before give way to fresh ones.
const stale = JSON.parse(sessionStorage.getItem('fresh') ?? '[]');
for (const key of Object.keys(sessionStorage)) {
  const text = sessionStorage.getItem(key);
  sessionStorage.setItem(key, stale.reduce((now, old, index) => now.replaceAll(old, fresh[index]), text));
}
sessionStorage.setItem('fresh', JSON.stringify(fresh));

// By these GraphiQL finds the tab that was shown; where they are not that tab's, it opens one more.
const kept = JSON.parse(sessionStorage.getItem('graphiql:tabState') ?? 'null');
for (const part of kept ? ['query', 'variables', 'headers'] : []) {
  const value = kept.tabs[kept.activeTabIndex][part];
  if (value) sessionStorage.setItem('graphiql:' + part, value);
  else sessionStorage.removeItem('graphiql:' + part);
}

// By the id of the tab that it was started in: each subscription that nobody has stopped.
const watches = new Map();
let shownTab;
let goesOn = false;

function onTabChange({ tabs, activeTabIndex }) {
  const { id } = tabs[activeTabIndex];
  if (id === shownTab) return;
  shownTab = id;
  for (const tab of watches.keys()) if (!tabs.some(({ id }) => id === tab)) stop(tab);
  goesOn = watches.has(id);
}

// Called soon after a change of tabs too: not before that does GraphiQL know the shown tab's operation.
function onEditQuery() {
  // Started again it finds the watch that goes on.
  if (goesOn) document.querySelector('.graphiql-execute-button')?.click();
  goesOn = false;
}

function stop(tab) {
  watches.get(tab)?.close();
  watches.delete(tab);
}

async function fetcher({ query, operationName, variables }, { headers = {}, documentAST } = {}) {
  const payload = { query, operationName: operationName ?? undefined, variables };
  const subscribes = documentAST?.definitions.some(
    ({ operation, name }) => operation === 'subscription' && (!operationName || name?.value === operationName),
  );
  if (!subscribes) return ask(payload, headers);
  const key = JSON.stringify([payload, headers]);
  const running = watches.get(shownTab);
  if (running?.key === key && !running.over) return frames(shownTab, running);
  stop(shownTab);
  const watch = open(key, payload, headers);
  watches.set(shownTab, watch);
  return frames(shownTab, watch);
}

async function ask(payload, headers) {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(payload),
  });
  return answer.json();
}

// A socket for each, so that each speaks for the caller whom its own tab's headers name.
function open(key, payload, headers) {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/graphql', 'graphql-transport-ws');
  const watch = { key, frames: undefined, over: false, wake() {}, close: () => socket.close(1000) };
  const say = message => socket.send(JSON.stringify(message));
  const show = frame => {
    watch.frames = [frame, ...(watch.frames ?? []).slice(0, 19)];
    watch.wake();
  };
  socket.onopen = () => say({ type: 'connection_init', payload: headers });
  socket.onmessage = ({ data }) => {
    const { type, payload: told } = JSON.parse(data);
    if (type === 'connection_ack') say({ id: '1', type: 'subscribe', payload });
    if (type === 'ping') say({ type: 'pong' });
    if (type === 'next') show(told);
    if (type === 'error') show({ errors: told });
    if (type === 'error' || type === 'complete') socket.close(1000);
  };
  socket.onclose = ({ code, reason }) => {
    watch.over = true;
    if (code === 1000) watch.wake();
    else show({ errors: [{ message: 'The socket was closed: ' + code + ' ' + reason }] });
  };
  return watch;
}

// What GraphiQL shows of a watch: its last frames, the newest first. By itself it shows the newest alone.
function frames(tab, watch) {
  let shown;
  let left = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!left && !watch.over && watch.frames === shown) await new Promise(wake => (watch.wake = wake));
      if (left || watch.frames === shown) return { done: true };
      shown = watch.frames;
      return { done: false, value: { frames: shown } };
    },
    async return() {
      left = true;
      watch.wake();
      // Its stop button and a change of tabs come the same way; a moment later they differ.
      setTimeout(() => {
        if (tab === shownTab) stop(tab);
      });
      return { done: true };
    },
  };
}

YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  title: heading,
  logo: ' ',
  defaultTabs: tabs,
  variables: kept ? undefined : tabs[0].variables, // those of a first tab it does not find by itself
  headers,
  fetcher,
  onTabChange,
  storage: sessionStorage,
  onEditQuery, // instead of the package's own, which writes each edit into the page's address
});
`;
