import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** How long faults last. */
export type Length = 'proof' | 'short';

/** What happens to a board while orders change. */
export interface Scenario {
  readonly name: string;
  /** Something that the board may not survive without a mistake. */
  disturb(stage: Stage, length: Length): Promise<void>;
  /** How long each token is valid; default: an hour. */
  readonly tokenSeconds?: Readonly<Record<Length, number>>;
  /** Without any fault each query is sent once. */
  readonly undisturbed?: true;
}

/** The longest time from a cut's end to a board that is right again, ms. */
const cutBarMs = 1_000;
/** From the beginning of silence, which nothing tells the page. */
const silenceBarMs = 5_000;

const pause = (length: Length, proofMs: number, shortMs: number) => sleep(length === 'proof' ? proofMs : shortMs);

function slower(kind: 'httpMs' | 'socketMs', ms: number): Scenario {
  return {
    name: `${kind === 'httpMs' ? 'HTTP' : 'socket'} ${ms} ms slower`,
    disturb: async ({ front }, length) => {
      front.delay({ httpMs: 0, socketMs: 0, [kind]: ms });
      await pause(length, 15_000, 3_000);
      front.delay({ httpMs: 0, socketMs: 0 });
    },
  };
}

function refused(seconds: number): Scenario {
  return {
    name: `refused ${seconds} s`,
    disturb: async (stage, length) => {
      await stage.front.refuse();
      await pause(length, seconds * 1_000, 2_000);
      await stage.front.accept();
      await stage.recover(Date.now(), cutBarMs);
    },
  };
}

function takenOver(signal: 'SIGTERM' | 'SIGKILL'): Scenario {
  return {
    name: `${signal}, another node takes over`,
    disturb: async (stage, length) => {
      const { front, world } = stage;
      const old = world.node;
      await world.startAnother();
      front.aim(world.url);
      await old.kill(signal);
      await stage.recover(Date.now(), cutBarMs);
      await pause(length, 3_000, 300);
      await old.exited;
    },
  };
}

function startedAgain(signal: 'SIGTERM' | 'SIGKILL'): Scenario {
  return {
    name: `${signal}, started again`,
    disturb: async (stage, length) => {
      const { node } = stage.world;
      await node.kill(signal);
      await node.exited;
      await stage.world.startAgain();
      await stage.recover(Date.now(), cutBarMs);
      await pause(length, 3_000, 300);
    },
  };
}

const calm: Scenario = {
  name: 'no fault',
  undisturbed: true,
  disturb: async (stage, length) => {
    await pause(length, 15_000, 3_000);
    await stage.recover(Date.now(), cutBarMs);
  },
};

const reset: Scenario = {
  name: 'TCP reset',
  disturb: async (stage, length) => {
    for (let round = 0; round < (length === 'proof' ? 6 : 2); round++) {
      stage.front.reset();
      await stage.recover(Date.now(), cutBarMs);
      await pause(length, 1_500, 300);
    }
  },
};

/** As a browser does if its network is gone: it drops its idle connections, and its sockets hear nothing more. */
export async function goOffline({ context, front }: Pick<Stage, 'context' | 'front'>): Promise<void> {
  await context.setOffline(true);
  front.silence();
  front.reset('requests');
}

const offline: Scenario = {
  name: 'offline 15 s',
  disturb: async (stage, length) => {
    await goOffline(stage);
    await pause(length, 15_000, 2_000);
    await stage.context.setOffline(false);
    await stage.recover(Date.now(), cutBarMs);
  },
};

const silence: Scenario = {
  name: 'silence',
  disturb: async (stage, length) => {
    for (let round = 0; round < (length === 'proof' ? 3 : 1); round++) {
      const sinceMs = Date.now();
      stage.front.silence();
      await stage.recover(sinceMs, silenceBarMs);
      await pause(length, 2_000, 0);
    }
  },
};

const tokens: Scenario = {
  name: 'tokens expire every 12 s',
  tokenSeconds: { proof: 12, short: 4 },
  disturb: async (stage, length) => {
    await pause(length, 30_000, 10_000);
    await stage.recover(Date.now(), cutBarMs);
  },
};

const secondTab: Scenario = {
  name: 'a second tab',
  disturb: async (stage, length) => {
    await stage.tabs.open(stage.viewer);
    await pause(length, 8_000, 2_000);
    stage.front.reset();
    await stage.recover(Date.now(), cutBarMs);
  },
};

const frozen: Scenario = {
  name: 'a frozen tab',
  disturb: async (stage, length) => {
    const { devTools } = stage.tab;
    stage.clicking = false;
    await devTools.send('Page.setWebLifecycleState', { state: 'frozen' });
    await pause(length, 15_000, 2_000);
    await devTools.send('Page.setWebLifecycleState', { state: 'active' });
    stage.clicking = true;
    await stage.recover(Date.now(), cutBarMs);
  },
};

const resync: Scenario = {
  name: 'RESYNC',
  disturb: async stage => {
    await stage.world.replaceLog();
    for (const { judge } of stage.tabs.all) judge.replaceLog();
    stage.front.aim(stage.world.url);
    stage.front.reset();
    await stage.recover(Date.now(), cutBarMs);
  },
};

const anotherViewer: Scenario = {
  name: 'logout, login as another',
  disturb: async (stage, length) => {
    const [ada, bea] = stage.world.seed.customerIds as [string, string];
    // Ada is last: the probe is an order of hers.
    for (const viewer of length === 'proof' ? [ada, 'staff', bea, 'staff', ada] : [ada]) {
      await signInAs(stage, viewer);
      await pause(length, 3_000, 1_500);
    }
    await stage.recover(Date.now(), cutBarMs);
  },
};

/** Signs out, and in the same moment in. */
async function signInAs(stage: Stage, viewer: string): Promise<void> {
  await stage.tab.press('button[data-action="logout"]');
  while (!(await stage.tab.signIn(viewer))) await sleep(5);
  stage.viewer = viewer;
}

export const scenarios: readonly Scenario[] = [
  calm,
  ...[50, 150, 500].map(ms => slower('httpMs', ms)),
  ...[50, 150, 500].map(ms => slower('socketMs', ms)),
  reset,
  refused(5),
  refused(30),
  offline,
  silence,
  takenOver('SIGTERM'),
  startedAgain('SIGTERM'),
  takenOver('SIGKILL'),
  startedAgain('SIGKILL'),
  tokens,
  secondTab,
  frozen,
  resync,
  anotherViewer,
];
