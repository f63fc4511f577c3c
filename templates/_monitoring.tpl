{{/*
The names of the two definitions that templates/monitoring.yaml includes are Deckhouse's; its linter looks for them. Their
bodies are the module's own.
*/}}

{{/*
One PrometheusRule of each file in monitoring/prometheus-rules: *.yaml as it stands, *.tpl rendered first. The file holds a
list of groups. Call: include "helm_lib_prometheus_rules" (list . "d8-service-with-healthchecks")
*/}}
{{- define "helm_lib_prometheus_rules" -}}
{{- $context := index . 0 }}
{{- $namespace := index . 1 }}
{{- if include "swh_api_exists" (list $context "monitoring.coreos.com/v1/PrometheusRule") }}
{{- range $path, $_ := $context.Files.Glob "monitoring/prometheus-rules/**.{yaml,tpl}" }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ $context.Chart.Name }}-{{ $path | trimPrefix "monitoring/prometheus-rules/" | replace "/" "-" | trimSuffix ".tpl" | trimSuffix ".yaml" }}
  namespace: {{ $namespace }}
  labels:
    {{- include "swh_labels" $context | nindent 4 }}
    app: prometheus
    prometheus: main
    component: rules
spec:
  groups:
    {{- include "swh_monitoring_file" (list $context $path) | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}

{{/*
One dashboard of each file in monitoring/grafana-dashboards; the folder that it lies in is its folder in Grafana.
Call: include "helm_lib_grafana_dashboard_definitions" .
*/}}
{{- define "helm_lib_grafana_dashboard_definitions" -}}
{{- $context := . }}
{{- if include "swh_api_exists" (list . "deckhouse.io/v1/GrafanaDashboardDefinition") }}
{{- range $path, $_ := .Files.Glob "monitoring/grafana-dashboards/**.{json,tpl}" }}
{{- $place := $path | trimPrefix "monitoring/grafana-dashboards/" | trimSuffix ".tpl" | trimSuffix ".json" }}
---
apiVersion: deckhouse.io/v1
kind: GrafanaDashboardDefinition
metadata:
  name: d8-{{ $context.Chart.Name }}-{{ $place | replace "/" "-" | lower }}
  labels:
    {{- include "swh_labels" $context | nindent 4 }}
    prometheus.deckhouse.io/grafana-dashboard: ""
spec:
  folder: {{ dir $place | replace "-" " " | title | quote }}
  definition: |
    {{- include "swh_monitoring_file" (list $context $path) | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Content of a file; of a template what it renders. */}}
{{- define "swh_monitoring_file" -}}
{{- $context := index . 0 }}
{{- $path := index . 1 }}
{{- $text := $context.Files.Get $path | trim }}
{{- if hasSuffix ".tpl" $path }}{{ tpl $text $context }}{{ else }}{{ $text }}{{ end }}
{{- end }}

{{/*
Scraping of one program through its proxy. What the program says in the labels namespace and node is about the objects that it
watches and wins over where the program itself runs (honorLabels). Pods that are not ready are scraped too: an agent that cannot reach the API server
has something to tell, and alerts must not lose sight of it.
Call: include "swh_pod_monitor" (list . "agent")
*/}}
{{- define "swh_pod_monitor" -}}
{{- $context := index . 0 }}
{{- $name := index . 1 }}
{{- if include "swh_api_exists" (list $context "monitoring.coreos.com/v1/PodMonitor") }}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ $context.Chart.Name }}-{{ $name }}
  namespace: d8-monitoring
  labels:
    {{- include "swh_labels" $context | nindent 4 }}
    app: {{ $name }}
    prometheus: main
spec:
  namespaceSelector:
    matchNames:
      - {{ include "swh_namespace" $context }}
  selector:
    matchLabels:
      app: {{ $name }}
  podMetricsEndpoints:
    - port: https-metrics
      path: /metrics
      scheme: https
      honorLabels: true
      bearerTokenSecret:
        name: prometheus-token
        key: token
      tlsConfig:
        insecureSkipVerify: true
      relabelings:
        - targetLabel: job
          replacement: {{ $context.Chart.Name }}-{{ $name }}
        - targetLabel: tier
          replacement: cluster
        - targetLabel: d8_source
          replacement: dkp
        - sourceLabels: [__meta_kubernetes_pod_node_name]
          targetLabel: node
        - regex: endpoint|container
          action: labeldrop
{{- end }}
{{- end }}
