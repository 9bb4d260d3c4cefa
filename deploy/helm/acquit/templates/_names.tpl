{{- define "acquit.name" -}}
{{- .Values.nameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "acquit.selector" -}}
app.kubernetes.io/name: acquit
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "acquit.labels" -}}
{{ include "acquit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "acquit.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* A setting as the environment says it: a map is k=v,k=v and a list a,b. toJson keeps 5000000 from being 5e+06. */}}
{{- define "acquit.said" -}}
{{- if kindIs "map" . -}}
{{- $entries := list -}}
{{- range $key, $value := . }}{{ $entries = append $entries (printf "%s=%s" $key (include "acquit.said" $value)) }}{{ end -}}
{{- join "," $entries -}}
{{- else if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if kindIs "string" . -}}
{{- . -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end }}

{{- define "acquit.environment" -}}
{{- range $name, $value := .Values.settings }}
- name: ACQUIT_{{ upper $name }}
  value: {{ include "acquit.said" $value | quote }}
{{- end }}
{{- range $name, $ref := .Values.secretRefs }}
- name: ACQUIT_{{ upper $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $ref.name }}
      key: {{ $ref.key }}
{{- end }}
{{- if .Values.rulesConfigMap }}
- name: ACQUIT_RULES_DIR
  value: /etc/acquit/rules
{{- end }}
{{- end }}

{{/* What the worker's pods and the topics job's have in common. */}}
{{- define "acquit.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- with .Values.tlsSecret }}
  - name: tls
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- with .Values.rulesConfigMap }}
  - name: rules
    configMap:
      name: {{ . }}
  {{- end }}
{{- end }}

{{- define "acquit.container" -}}
image: {{ include "acquit.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if .Values.tlsSecret }}
  - name: tls
    mountPath: /etc/acquit/tls
    readOnly: true
  {{- end }}
  {{- if .Values.rulesConfigMap }}
  - name: rules
    mountPath: /etc/acquit/rules
    readOnly: true
  {{- end }}
{{- end }}
