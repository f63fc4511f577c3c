import { error, type Finding } from '#lib/api/finding.ts';

/** DNS subdomain. */
const SECRET_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** The name of a Secret in the namespace of the object; empty means none. */
export function checkSecretName(path: string, name: string): readonly Finding[] {
  if (name === '' || SECRET_NAME.test(name)) return [];
  return [error(path, 'write the name of a Secret of the same namespace, without the namespace')];
}
