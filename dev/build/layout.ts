import { fileURLToPath } from 'node:url';

/** The root of the work tree. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** Where the build puts what it makes. The folders below are those of the images. */
export const DIST = `${ROOT}/dist`;

/** The programs that run in the cluster; each becomes `dist/bin/NAME` and `dist/app/NAME.cjs`. */
export const PROGRAMS = ['agent', 'controller'] as const;

/** Hook executables: output name, then the source that is its entry point. */
export const HOOK_PROGRAMS = [
  { name: 'service-with-healthchecks', folder: 'module', entry: 'hooks/main.ts' },
  { name: 'service-with-healthchecks', folder: 'shell-operator', entry: 'hooks/shell-operator-main.ts' },
] as const;
