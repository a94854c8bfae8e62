{{- define "ptaas.labels" -}}
app.kubernetes.io/name: delivery-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "ptaas.selector" -}}
app.kubernetes.io/name: delivery-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ptaas.serviceAccount" -}}
delivery-operator
{{- end }}

{{- /* The operator, as the API server names it. */ -}}
{{- define "ptaas.operator" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "ptaas.serviceAccount" . }}
{{- end }}

{{- /* CEL: the request comes from the operator. */ -}}
{{- define "ptaas.byOperator" -}}
request.userInfo.username == '{{ include "ptaas.operator" . }}'
{{- end }}

{{- /* CEL: the request comes from a controller that tidies up: garbage collection and namespace deletion. */ -}}
{{- define "ptaas.byTidier" -}}
request.userInfo.username in ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager']
{{- end }}

{{- /* CEL: the request comes from the operator, Kubernetes' own controllers, scheduler and kubelets, or a controller named in values. */ -}}
{{- define "ptaas.byController" -}}
{{ include "ptaas.byOperator" . }} || request.userInfo.username.startsWith('system:serviceaccount:kube-system:') || request.userInfo.username in {{ concat (list "system:kube-controller-manager" "system:kube-scheduler") .Values.policies.trustedControllers | toJson }} || 'system:nodes' in request.userInfo.groups
{{- end }}

{{- /* CEL: the requester has a verb on this Delivery. */ -}}
{{- define "ptaas.mayDelivery" -}}
authorizer.group('ptaas.dev').resource('deliveries').namespace(request.namespace).name(request.name).check('{{ . }}').allowed()
{{- end }}

{{- /* CEL: the driver's part of spec is as it was. All other fields but budget.limit never change, by the CRD. */ -}}
{{- define "ptaas.sameDrive" -}}
object.spec.intake == oldObject.spec.intake
{{- range list "plan" "config" "schedule" "approval" "serving" "card" "suspend" }} && object.spec.?{{ . }} == oldObject.spec.?{{ . }}{{ end }}
{{- end }}

{{- /* A binding that enforces a policy of the same name. */ -}}
{{- define "ptaas.binding" -}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}
  labels: {{- include "ptaas.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name }}
  validationActions: [Deny]
{{- end }}
