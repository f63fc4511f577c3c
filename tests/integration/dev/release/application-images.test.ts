import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DIST } from '../../../../dev/build/layout.ts';
import { ensureProductBuilt } from '../../../../dev/cluster/built-product.ts';
import { pickFreePort } from '../../../../dev/cluster/free-port.ts';
import { readKubeconfig } from '../../../../dev/cluster/kubeconfig.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { GiveUpError, waitFor } from '../../../../dev/process/wait-for.ts';
import {
  type ApplicationName,
  applicationImages,
  PROGRAM_ROOT,
} from '../../../../dev/release/application-images.ts';
import { provideCrane } from '../../../../dev/release/crane.ts';
import { writeLayout } from '../../../../dev/release/oci-layout.ts';
import { startRegistryServer } from '../../../../dev/release/registry-server.ts';
import { accountOf, type ImageConfig, startContainer } from '../../../support/image-container.ts';
import { installModule } from '../../../support/installed-module.ts';
import { licenceTitles } from '../../../support/licences.ts';
import { RegistryView } from '../../../support/release-images.ts';

const NAMESPACE = 'd8-service-with-healthchecks';

let folder: string;
let host: ProcessHost;
let registry: string;
let view: RegistryView;

const reference = (name: ApplicationName): string => `${registry}/test:${name}`;

beforeAll(async () => {
  await ensureProductBuilt();
  folder = mkdtempSync(join(tmpdir(), 'swh-images-'));
  // Programs of another user must find their way into it.
  chmodSync(folder, 0o755);
  host = ProcessHost.open();
  registry = await startRegistryServer(host);
  view = await RegistryView.open();
  const images = await applicationImages(DIST, 'v0.1.0');
  const crane = await provideCrane();
  for (const name of ['agent', 'controller'] as const) {
    await writeLayout(join(folder, 'layout', name), images[name]);
    await crane.push(join(folder, 'layout', name), reference(name));
  }
}, 300_000);

afterAll(async () => {
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['agent', 'controller'] as const)('the image %s', (name) => {
  test('holds the program, its runtime, and places to mount something: no shell, no tool', async () => {
    const paths = await view.unpack(reference(name), join(folder, name));
    const lib = `${PROGRAM_ROOT}/runtime/lib/`;
    expect(paths.filter((path) => !path.startsWith(lib))).toEqual([
      'dev/',
      'etc/group',
      'etc/nsswitch.conf',
      'etc/passwd',
      `${PROGRAM_ROOT}/app/${name}.LICENSES`,
      `${PROGRAM_ROOT}/app/${name}.cjs`,
      `${PROGRAM_ROOT}/bin/${name}`,
      `${PROGRAM_ROOT}/runtime/LICENSES`,
      `${PROGRAM_ROOT}/runtime/node`,
      'proc/',
      'sys/',
      'tmp/',
      'var/run/secrets/kubernetes.io/serviceaccount/',
    ]);
    const libraries = paths.filter((path) => path.startsWith(lib)).map((path) => path.slice(lib.length));
    expect(libraries).toContain('ld.so');
    for (const library of libraries) expect(library).toMatch(/^(?:ld\.so|lib[a-z_+]+\.so\.\d+)$/);
  });

  test('carries the licences of what is in each of its layers', () => {
    const read = (path: string) => readFileSync(join(folder, name, PROGRAM_ROOT, path), 'utf8');
    const runtime = licenceTitles(read('runtime/LICENSES'));
    expect(runtime).toEqual([
      `Node.js ${process.version}`,
      expect.stringMatching(/^gcc-\d+ /),
      expect.stringMatching(/^glibc /),
      ...runtime.slice(3),
    ]);
    expect(runtime).toEqual(expect.arrayContaining(['GPL-3', 'LGPL-2.1']));
    const program = licenceTitles(read(`app/${name}.LICENSES`));
    expect(program).toEqual(
      expect.arrayContaining([
        'service-with-healthchecks',
        expect.stringMatching(/^@kubernetes.client-node /),
      ]),
    );
    expect(program.some((title) => title.startsWith('pg '))).toBe(name === 'agent');
  });

  test('starts as an ordinary user from a root that it cannot write, with nothing mounted but its account', async () => {
    const root = join(folder, name);
    const image = await view.document<ImageConfig>('config', reference(name));
    expect(image.config).toMatchObject({
      User: '64535:64535',
      Entrypoint: [`/${PROGRAM_ROOT}/bin/${name}`],
      WorkingDir: '/',
    });
    const { cluster } = await installModule('image');
    const kubeconfig = await cluster.serviceAccountKubeconfig({ namespace: NAMESPACE, name });
    const health = `127.0.0.1:${await pickFreePort('127.0.0.1')}`;
    const { env, mounts } = accountOf(host, name, readKubeconfig(kubeconfig));
    const args = ['--health-address', health, '--metrics-address', '127.0.0.1:0'];
    const program = await startContainer(host, {
      ...{ name, root, mounts, user: image.config.User, command: [...image.config.Entrypoint, ...args] },
      env: { ...env, NODE_NAME: 'node-of-the-image', POD_NAMESPACE: NAMESPACE },
    });
    await waitFor(`${name} to become ready (log ${program.logFile})`, async () => {
      if (!program.isRunning()) throw new GiveUpError(`${name} ended at start:\n${program.logTail()}`);
      return (await fetch(`http://${health}/readyz`)).ok ? true : undefined;
    });
    expect(readFileSync(`/proc/${program.pid}/status`, 'utf8')).toMatch(
      /^Uid:\t64535\t64535\t64535\t64535\nGid:\t64535\t64535\t64535\t64535$/m,
    );
    expect(readFileSync(`/proc/${program.pid}/mountinfo`, 'utf8')).toMatch(/ \/ ro,/);
    expect(await program.stop('SIGTERM')).toEqual({ kind: 'exited', code: 0 });
  });
});
