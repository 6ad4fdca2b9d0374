import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadConfig, loadMigrateUrl } from '../../../src/config.ts';
import { returnPath, routes } from '../../../src/console/routes.ts';

interface Pod {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: { readonly fsGroup?: number };
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim: { readonly claimName: string };
  }[];
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly command?: readonly string[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly envFrom: readonly { readonly [kind in 'secretRef' | 'configMapRef']?: { readonly name: string } }[];
  }[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: object };
    readonly template?: { readonly metadata: { readonly labels: object }; readonly spec: Pod };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: Pod } } };
    readonly accessModes?: readonly string[];
    readonly rules?: readonly {
      readonly http: { readonly paths: readonly { readonly path: string; readonly pathType: string }[] };
    }[];
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
  };
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${root}deploy/kubernetes/`;
const manifests = readdirSync(folder).flatMap(file =>
  parseAllDocuments(readFileSync(folder + file, 'utf8')).map(document => document.toJS() as Manifest),
);
const named = manifests.map(one => [`${one.kind} ${one.metadata.name}`, one] as const);
const podOf = ({ spec }: Manifest): Pod | undefined => spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec;
const pods = named.flatMap(([name, one]) => {
  const pod = podOf(one);
  return pod ? [[name, pod] as const] : [];
});

/** What the secrets of deploy/README.md have. */
const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'orderstream-owner': { DATABASE_MIGRATE_URL: 'postgresql://owner:word@db/orders?sslmode=verify-full' },
  'orderstream-serving': {
    DATABASE_URL: 'postgresql://serving:word@db/orders?sslmode=verify-full',
    REDIS_URL: 'rediss://cache',
    AUTH_JWT_SECRET: 'a secret of the tests, 32 bytes and more',
  },
};

function environmentOf({ containers: [container] }: Pod): Record<string, string> {
  const { env = [], envFrom } = container!;
  const sources = envFrom.map(({ secretRef, configMapRef }) =>
    secretRef
      ? secrets[secretRef.name]
      : manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name)?.data,
  );
  expect(sources).not.toContain(undefined);
  const own = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  return Object.assign({ NODE_ENV: 'production', HOST: '0.0.0.0' }, ...sources, own) as Record<string, string>;
}

describe('every manifest is one that Kubernetes accepts', () => {
  test.each(named)('%s, by the schema of its kind', async (_name, manifest) => {
    const { apiVersion, kind } = manifest;
    const path = `kubernetes-models/${apiVersion}/${kind}`;
    const models = (await import(path)) as Record<string, new (data: Manifest) => { validate(): void }>;
    expect(() => new models[kind]!(manifest).validate()).not.toThrow();
  });

  // The schemas allow unknown fields, and Kubernetes ignores them: a limit that is misspelt is none.
  test('without a misspelt field', () => {
    expect(unknownFields(manifests)).toEqual([]);
    const [deployment] = manifests.filter(({ kind }) => kind === 'Deployment');
    const misspelt = { ...deployment!, spec: { ...deployment!.spec, minReadySecond: 3 } };
    expect(unknownFields([misspelt as Manifest]).join()).toContain('minReadySecond');
  });
});

test('each selector, autoscaler and budget has its pods', () => {
  const workloads = manifests.filter(({ kind }) => kind === 'Deployment');
  const labels = workloads.map(({ spec }) => spec!.template!.metadata.labels);
  for (const { kind, spec } of manifests.filter(one => ['Deployment', 'PodDisruptionBudget'].includes(one.kind))) {
    expect(labels, kind).toContainEqual(expect.objectContaining(spec!.selector!.matchLabels!));
  }
  const [entry] = manifests.filter(({ kind }) => kind === 'Service');
  expect(labels).toContainEqual(expect.objectContaining(entry!.spec!.selector!));
  const targets = manifests.flatMap(({ spec }) => spec?.scaleTargetRef ?? []);
  expect(targets).toHaveLength(1);
  for (const { kind, name } of targets) {
    expect(workloads.map(one => `${one.kind} ${one.metadata.name}`)).toContain(`${kind} ${name}`);
  }
});

test.each(pods.filter(([name]) => name.startsWith('Deployment')))(
  '%s starts in production, and has time to stop',
  (_name, pod) => {
    const config = loadConfig(environmentOf(pod));
    expect(config.production).toBe(true);
    const drain = config.roles.includes('api') ? config.drainDelaySeconds : 0;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 25);
  },
);

test('the API pods share an erasure list: in a volume that many pods may mount, and the user of the image may write', () => {
  const [, pod] = pods.find(([name]) => name === 'Deployment orderstream-api')!;
  const folderOfList = dirname(loadConfig(environmentOf(pod)).erasureList!);
  const mount = pod.containers[0]!.volumeMounts!.find(({ mountPath }) => mountPath === folderOfList)!;
  const { claimName } = pod.volumes!.find(({ name }) => name === mount.name)!.persistentVolumeClaim;
  const [, claim] = named.find(([name]) => name === `PersistentVolumeClaim ${claimName}`)!;
  expect(claim.spec!.accessModes).toEqual(['ReadWriteMany']);
  expect(readFileSync(`${root}Dockerfile`, 'utf8')).toContain(`USER 1000:${pod.securityContext.fsGroup}\n`);
});

test('with its commented lines the ingress has every page of the console, and neither metrics nor readiness', () => {
  const text = readFileSync(`${folder}api.yml`, 'utf8');
  const withConsole = parseAllDocuments(text.replaceAll(/# - \{ (path|name: CONSOLE)/g, '- { $1'));
  const all = withConsole.map(document => document.toJS() as Manifest);
  const [deployment] = all.filter(({ kind }) => kind === 'Deployment');
  expect(loadConfig(environmentOf(podOf(deployment!)!)).console).toBe(true);
  const { paths } = all.find(({ kind }) => kind === 'Ingress')!.spec!.rules![0]!.http;
  const isServed = (path: string) =>
    paths.some(one =>
      one.pathType === 'Exact' ? path === one.path : path === one.path || path.startsWith(`${one.path}/`),
    );
  for (const path of [...Object.values(routes), returnPath, '/assets/page.js', '/graphql']) {
    expect(isServed(path), path).toBe(true);
  }
  for (const path of ['/metrics', '/readyz', '/healthz']) expect(isServed(path), path).toBe(false);
});

test('the owner of the tables is known to the migration alone, and all containers have one image', () => {
  const withOwner = pods.filter(([, pod]) => 'DATABASE_MIGRATE_URL' in environmentOf(pod)).map(([name]) => name);
  expect(withOwner).toEqual(['Job orderstream-migrate']);
  const [, migrate] = pods.find(([name]) => name === withOwner[0])!;
  expect(loadMigrateUrl(environmentOf(migrate))).toContain('owner');
  expect(new Set(pods.flatMap(([, { containers }]) => containers.map(({ image }) => image))).size).toBe(1);
});

/** Fields that the type of a manifest does not have: TypeScript finds them in an object literal. */
function unknownFields(checked: readonly Manifest[]): string[] {
  const name = `${root}test/unit/deploy/manifests.ts`;
  const text = checked
    .map(({ apiVersion, kind, ...rest }, index) => {
      const from = `kubernetes-models/${apiVersion}/${kind}`;
      const literal = JSON.stringify({ apiVersion, kind, ...rest });
      return `import type { I${kind} as Kind${index} } from '${from}';\nexport const manifest${index}: Kind${index} = ${literal};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: file => file === name || disk.fileExists(file),
    readFile: file => (file === name ? text : disk.readFile(file)),
    getSourceFile: (file, ...more) =>
      file === name ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2022) : disk.getSourceFile(file, ...more),
  };
  const program = ts.createProgram([name], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
