{{- define "pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- end }}

{{- define "podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "settings" -}}
- name: SIDEDOOR_REDIS_URL
  value: redis://{{ .Release.Name }}-redis:6379/0
- name: SIDEDOOR_URL
  value: {{ .Values.url | quote }}
- name: SIDEDOOR_DASHBOARD_URL
  value: {{ .Values.dashboardUrl | quote }}
- name: SIDEDOOR_DEANERY
  value: {{ .Values.deanery | quote }}
- name: SIDEDOOR_ORIGINS
  value: {{ .Values.origins | quote }}
- name: SIDEDOOR_PROXIES
  value: {{ .Values.proxies | quote }}
- name: SIDEDOOR_JOBS
  value: "0"
{{- end }}

{{- define "databases" -}}
{{- $secret := .Values.secret -}}
{{- range list "STAFF" "REFERRALS" }}
- name: SIDEDOOR_{{ . }}_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: SIDEDOOR_{{ . }}_DATABASE
{{- end }}
{{- end }}

{{- /* For those who count, and for those who release: never for the dashboard. */}}
{{- define "marks" -}}
- name: SIDEDOOR_MARKS_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secret }}
      key: SIDEDOOR_MARKS_DATABASE
{{- end }}

{{- define "probes" -}}
startupProbe:
  httpGet:
    path: /health/ready
    port: 5005
  periodSeconds: 5
  timeoutSeconds: 10
  failureThreshold: 60
readinessProbe:
  httpGet:
    path: /health/ready
    port: 5005
  periodSeconds: 15
  timeoutSeconds: 10
  failureThreshold: 2
# The worker itself gives a check up after 15 seconds. What hangs may not heed SIGTERM.
livenessProbe:
  httpGet:
    path: /health/live
    port: 5005
  periodSeconds: 20
  timeoutSeconds: 18
  failureThreshold: 3
  terminationGracePeriodSeconds: 5
{{- end }}
