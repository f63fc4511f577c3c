import { expect, it } from 'vitest';
import { PORT_FIELDS, SPEC_FIELDS } from '#lib/core/service/unknown-fields.ts';
import { CORE_DESCRIPTION, SchemaScanner } from '#lib/kube/schema-scanner.ts';
import { sharedControlPlane } from '../../../support/control-plane.ts';

it('every field of a Service is known, and no other: a newer API server tells here first', async () => {
  const { api } = await sharedControlPlane();
  const document = await api.getText(CORE_DESCRIPTION);
  const fieldsOf = (type: string) => {
    const scanner = new SchemaScanner(`io.k8s.api.core.v1.${type}`);
    scanner.push(Buffer.from(document));
    return scanner.properties()?.toSorted();
  };
  expect(fieldsOf('ServiceSpec')).toEqual(SPEC_FIELDS.toSorted());
  expect(fieldsOf('ServicePort')).toEqual(PORT_FIELDS.toSorted());
  expect(fieldsOf('SessionAffinityConfig')).toEqual(['clientIP']);
  expect(fieldsOf('ClientIPConfig')).toEqual(['timeoutSeconds']);
});
