{{- /* Settings of the operator. */ -}}
{{- define "ptaas.env" -}}
- name: DELIVERY_IDENTITY
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: DELIVERY_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: DELIVERY_WORKER_IMAGE
  value: {{ required "images.worker: give the worker image by digest (name@sha256:...)" .Values.images.worker | quote }}
{{- with .Values.images.workerCuda }}
- name: DELIVERY_WORKER_IMAGE_CUDA
  value: {{ . | quote }}
{{- end }}
- name: DELIVERY_AUDITOR_IMAGE
  value: {{ required "images.auditor: give the auditor image by digest (name@sha256:...)" .Values.images.auditor | quote }}
{{- with .Values.signing.secret }}
- name: DELIVERY_SIGNING_SECRET
  value: {{ . | quote }}
{{- end }}
- name: DELIVERY_INSECURE_REGISTRIES
  value: {{ join "," .Values.insecureRegistries | quote }}
{{- end }}
