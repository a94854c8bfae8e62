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

{{- /* CEL: the requester gives and takes the money of this namespace. */ -}}
{{- define "ptaas.mayFundBudgets" -}}
authorizer.group('ptaas.dev').resource('deliverybudgets').namespace(request.namespace).check('fund').allowed()
{{- end }}

{{- /* CEL: the driver's part of spec is as it was. All other fields but the limits of budget and serving never change, by the CRD. */ -}}
{{- define "ptaas.sameDrive" -}}
object.spec.intake == oldObject.spec.intake
{{- range list "plan" "config" "schedule" "approval" "serving" "card" "suspend" }} && object.spec.?{{ . }} == oldObject.spec.?{{ . }}{{ end }}
{{- end }}

{{- /* CEL: annotations by which one person approves; numbered, for deliveries that need several. */ -}}
{{- define "ptaas.approvals" -}}
['ptaas.dev/approve', 'ptaas.dev/approve-1', 'ptaas.dev/approve-2', 'ptaas.dev/approve-3', 'ptaas.dev/approve-4', 'ptaas.dev/approve-5']
{{- end }}

{{- /* CEL: every decision, and the annotation in which the API server writes whose it is. */ -}}
{{- define "ptaas.decisions" -}}
{'ptaas.dev/approve': 'ptaas.dev/approved-by', 'ptaas.dev/approve-1': 'ptaas.dev/approved-by-1', 'ptaas.dev/approve-2': 'ptaas.dev/approved-by-2', 'ptaas.dev/approve-3': 'ptaas.dev/approved-by-3', 'ptaas.dev/approve-4': 'ptaas.dev/approved-by-4', 'ptaas.dev/approve-5': 'ptaas.dev/approved-by-5', 'ptaas.dev/reject': 'ptaas.dev/rejected-by', 'ptaas.dev/expire': 'ptaas.dev/expired-by', 'ptaas.dev/revoke': 'ptaas.dev/revoked-by', 'ptaas.dev/override': 'ptaas.dev/overridden-by'}
{{- end }}

{{- /* CEL: those of spec.approval.groups to which the requester belongs, as they are stamped; empty where none are asked for. */ -}}
{{- define "ptaas.group" -}}
object.spec.?approval.groups.orValue([]).filter(group, group in request.userInfo.?groups.orValue([])).join(', ')
{{- end }}

{{- /* CEL: nothing but the annotations in variables.own changes. */ -}}
{{- define "ptaas.nothingElse" -}}
object.spec == oldObject.spec && object.metadata.?labels.orValue({}) == oldObject.metadata.?labels.orValue({}) && object.metadata.?finalizers.orValue([]) == oldObject.metadata.?finalizers.orValue([]) && object.metadata.?ownerReferences.orValue([]) == oldObject.metadata.?ownerReferences.orValue([]) && variables.after.all(name, name in variables.own || variables.before[?name] == optional.of(variables.after[name])) && variables.before.all(name, name in variables.own || name in variables.after)
{{- end }}

{{- /* CEL: the request is not the one with which the operator proves, before it deploys, that a policy is in force. */ -}}
{{- define "ptaas.noProof" -}}
!('ptaas.dev/gate-proof' in object.metadata.?labels.orValue({}))
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
