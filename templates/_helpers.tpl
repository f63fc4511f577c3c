{{/* Labels that every object of the module carries. Call: include "swh_labels" . */}}
{{- define "swh_labels" -}}
heritage: deckhouse
module: {{ .Chart.Name }}
{{- end }}

{{/* The module's namespace; Deckhouse names it after the module whatever the release is called. */}}
{{- define "swh_namespace" -}}
d8-{{ .Chart.Name }}
{{- end }}

{{/*
Reference of an image of the module, by digest. Deckhouse gives a module that it has downloaded the registry that it came
from; a module that travels with the platform has none and lies in the platform's.
Call: include "swh_image" (list . "agent")
*/}}
{{- define "swh_image" -}}
{{- $context := index . 0 }}
{{- $name := index . 1 }}
{{- $digests := $context.Values.global.modulesImages.digests.serviceWithHealthchecks | default dict }}
{{- $digest := get $digests $name | required (printf "no digest of the image %s in global.modulesImages" $name) }}
{{- $own := $context.Values.serviceWithHealthchecks.registry.base }}
{{- if $own }}
{{- printf "%s/%s@%s" $own $context.Chart.Name $digest }}
{{- else }}
{{- printf "%s@%s" $context.Values.global.modulesImages.registry.base $digest }}
{{- end }}
{{- end }}

{{/* Secrets with which nodes fetch images: the module's registry, and the platform's for the metrics proxy. */}}
{{- define "swh_image_pull_secrets" -}}
imagePullSecrets:
  - name: {{ .Chart.Name }}-module-registry
  - name: deckhouse-registry
{{- end }}

{{/*
"true" when the API server serves a kind. Deckhouse tells modules by a list, because resources may appear after it has
started; Helm by its capabilities.
Call: include "swh_api_exists" (list . "autoscaling.k8s.io/v1/VerticalPodAutoscaler")
*/}}
{{- define "swh_api_exists" -}}
{{- $context := index . 0 }}
{{- $kind := index . 1 }}
{{- $discovered := ($context.Values.global.discovery | default dict).apiVersions | default list }}
{{- if or (has $kind $discovered) ($context.Capabilities.APIVersions.Has $kind) }}true{{ end }}
{{- end }}

{{/*
Two controllers, one of which waits, where the control plane is redundant or somebody asks for it. A single master gets one
controller in any case: a second beside it would die with it.
*/}}
{{- define "swh_controller_replicas" -}}
{{- $discovery := .Values.global.discovery | default dict }}
{{- $isWanted := $discovery.clusterControlPlaneIsHighlyAvailable | default false }}
{{- if hasKey .Values.global "highAvailability" }}{{ $isWanted = .Values.global.highAvailability }}{{ end }}
{{- $module := .Values.serviceWithHealthchecks }}
{{- if hasKey $module "highAvailability" }}{{ $isWanted = $module.highAvailability }}{{ end }}
{{- if and $isWanted (ne (int $discovery.clusterMasterCount) 1) }}2{{ else }}1{{ end }}
{{- end }}

{{/*
Where controllers run: on the masters; in a cluster whose control plane is somebody else's, on the nodes for the system;
where there are none either, anywhere.
*/}}
{{- define "swh_controller_placement" -}}
{{- $discovery := .Values.global.discovery | default dict }}
{{- $counts := $discovery.d8SpecificNodeCountByRole | default dict }}
{{- if gt (int $discovery.clusterMasterCount) 0 }}
nodeSelector:
  node-role.kubernetes.io/control-plane: ""
{{- else if gt (int $counts.system) 0 }}
nodeSelector:
  node-role.deckhouse.io/system: ""
{{- end }}
tolerations:
  - key: node-role.kubernetes.io/control-plane
    operator: Exists
  - key: node-role.kubernetes.io/master
    operator: Exists
  - key: dedicated.deckhouse.io
    operator: Exists
  - key: dedicated
    operator: Exists
{{- end }}

{{/* Security context of a pod: the user "deckhouse" of the platform's images, never root. */}}
{{- define "swh_pod_security" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 64535
  runAsGroup: 64535
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Security context of a container: nothing to gain, nothing to write to. */}}
{{- define "swh_container_security" -}}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop:
      - ALL
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/*
What a program's container asks for. No limits: a CPU limit would hold probes back until they fail.
Call: include "swh_resources" .Values.serviceWithHealthchecks.agent.resources
*/}}
{{- define "swh_resources" -}}
resources:
  requests:
    cpu: {{ .cpu | quote }}
    memory: {{ .memory | quote }}
    # Logs only, of which the kubelet keeps 50 MiB of each container.
    ephemeral-storage: 50Mi
{{- end }}

{{/*
Bounds for the recommendations of VPA: from the request up to what a node with very many probes takes.
Call: include "swh_vpa_bounds" (list "agent" .Values.serviceWithHealthchecks.agent.resources)
*/}}
{{- define "swh_vpa_bounds" -}}
{{- $container := index . 0 }}
{{- $resources := index . 1 }}
- containerName: {{ $container }}
  minAllowed:
    cpu: {{ $resources.cpu | quote }}
    memory: {{ $resources.memory | quote }}
  maxAllowed:
    cpu: {{ printf "%dm" (mul 50 (trimSuffix "m" $resources.cpu | int)) }}
    memory: {{ printf "%dMi" (mul 8 (trimSuffix "Mi" $resources.memory | int)) }}
{{- end }}

{{/* VPA with bounds. Call: include "swh_vpa" (list . "DaemonSet" "agent" "Initial") */}}
{{- define "swh_vpa" -}}
{{- $context := index . 0 }}
{{- $kind := index . 1 }}
{{- $name := index . 2 }}
{{- $mode := index . 3 }}
{{- if include "swh_api_exists" (list $context "autoscaling.k8s.io/v1/VerticalPodAutoscaler") }}
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata:
  name: {{ $name }}
  namespace: {{ include "swh_namespace" $context }}
  labels:
    {{- include "swh_labels" $context | nindent 4 }}
    app: {{ $name }}
spec:
  targetRef:
    apiVersion: apps/v1
    kind: {{ $kind }}
    name: {{ $name }}
  updatePolicy:
    updateMode: {{ $mode }}
  resourcePolicy:
    containerPolicies:
      {{- include "swh_vpa_bounds" (list $name (get $context.Values.serviceWithHealthchecks $name).resources) | nindent 6 }}
      {{- include "swh_metrics_proxy_vpa_bounds" $context | nindent 6 }}
{{- end }}
{{- end }}

{{/* "true" when Deckhouse has the role model that came with 1.78. Builds without a version number are newer than that. */}}
{{- define "service-with-healthchecks.rbacv2_new_scheme" -}}
{{- $version := .Values.global.deckhouseVersion | default "dev" | toString | trimPrefix "v" }}
{{- if not (regexMatch "^[0-9]+[.][0-9]+" $version) }}true
{{- else if semverCompare ">=1.78.0-0" $version }}true
{{- end }}
{{- end }}
