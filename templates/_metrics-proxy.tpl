{{/*
The proxy in front of a program's metrics: the program serves them on the loopback address only, and the proxy asks the API
server who may read them. The brackets around its address make one form of IPv4 and IPv6.
Call: include "swh_metrics_proxy" (dict "context" . "resource" "daemonsets" "name" "agent" "port" 4254 "upstream" 4253)
*/}}
{{- define "swh_metrics_proxy" -}}
{{- $context := .context }}
{{- $common := $context.Values.global.modulesImages.digests.common | default dict }}
{{- $digest := $common.kubeRbacProxy | required "no digest of the image kubeRbacProxy in global.modulesImages" }}
- name: kube-rbac-proxy
  image: {{ $context.Values.global.modulesImages.registry.base }}@{{ $digest }}
  {{- include "swh_container_security" $context | nindent 2 }}
  args:
    - --secure-listen-address=[$(KUBE_RBAC_PROXY_LISTEN_ADDRESS)]:{{ .port }}
    - --v=2
    - --logtostderr=true
    - --stale-cache-interval=1h30m
    - --livez-path=/livez
  env:
    - name: KUBE_RBAC_PROXY_LISTEN_ADDRESS
      valueFrom:
        fieldRef:
          fieldPath: status.podIP
    - name: KUBE_RBAC_PROXY_CONFIG
      value: |
        upstreams:
          - upstream: http://127.0.0.1:{{ .upstream }}/metrics
            path: /metrics
            authorization:
              resourceAttributes:
                namespace: {{ include "swh_namespace" $context }}
                apiGroup: apps
                apiVersion: v1
                resource: {{ .resource }}
                subresource: prometheus-metrics
                name: {{ .name }}
  ports:
    - name: https-metrics
      containerPort: {{ .port }}
      protocol: TCP
  livenessProbe:
    httpGet:
      path: /livez
      port: https-metrics
      scheme: HTTPS
  readinessProbe:
    httpGet:
      path: /livez
      port: https-metrics
      scheme: HTTPS
  {{- include "swh_resources" (include "swh_metrics_proxy_resources" $context | fromYaml) | nindent 2 }}
{{- end }}

{{- define "swh_metrics_proxy_resources" -}}
cpu: 10m
memory: 25Mi
{{- end }}

{{- define "swh_metrics_proxy_vpa_bounds" -}}
{{- include "swh_vpa_bounds" (list "kube-rbac-proxy" (include "swh_metrics_proxy_resources" . | fromYaml)) }}
{{- end }}

{{/* What the proxy needs to ask the API server about a reader; part of the ClusterRole of each program. */}}
{{- define "swh_metrics_proxy_rules" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}
