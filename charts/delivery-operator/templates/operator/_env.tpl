{{- /* Settings of the operator. */ -}}
{{- define "ptaas.env" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: DELIVERY_WORKER_IMAGE
  value: {{ required "images.worker: give the worker image by digest (name@sha256:...)" .Values.images.worker | quote }}
- name: DELIVERY_WORKER_IMAGE_CUDA
  value: {{ .Values.images.workerCuda | quote }}
- name: DELIVERY_AUDITOR_IMAGE
  value: {{ required "images.auditor: give the auditor image by digest (name@sha256:...)" .Values.images.auditor | quote }}
- name: DELIVERY_INSECURE_REGISTRIES
  value: {{ join "," .Values.insecureRegistries | quote }}
{{- end }}
