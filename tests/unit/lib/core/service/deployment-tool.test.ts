import { describe, expect, it } from 'vitest';
import type { ObjectMeta } from '#lib/core/kubernetes.ts';
import { deploymentToolOf } from '#lib/core/service/deployment-tool.ts';

describe('deploymentToolOf', () => {
  it.each<{ metadata: Partial<ObjectMeta>; want: string | undefined }>([
    { metadata: {}, want: undefined },
    {
      metadata: {
        annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'a' },
      },
      want: 'Helm release a/shop',
    },
    {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:/Service:a/web' } },
      want: 'Argo CD application shop',
    },
    {
      metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } },
      want: 'Argo CD application shop',
    },
    {
      metadata: {
        labels: {
          'kustomize.toolkit.fluxcd.io/name': 'shop',
          'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
        },
      },
      want: 'Flux Kustomization flux-system/shop',
    },
    {
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
      want: '`kubectl apply`',
    },
  ])('names $want', ({ metadata, want }) => {
    expect(deploymentToolOf({ name: 'web', ...metadata })).toBe(want);
  });
});
