// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/access"
)

// rule is what a call is.
type rule struct {
	act   access.Act
	words string // as the audit log has it; empty: what a shell asks while somebody types, which is not written down
}

// rules is every call there is; one that is not here is refused. It is never written to.
var rules = map[string]rule{
	apiv1connect.ConfigServiceOpenProcedure:     {access.Edit, "configure"},
	apiv1connect.ConfigServiceChangeProcedure:   {access.Edit, "change"},
	apiv1connect.ConfigServiceLoadProcedure:     {access.Edit, "load"},
	apiv1connect.ConfigServiceRollbackProcedure: {access.Edit, "rollback"},
	apiv1connect.ConfigServiceDiscardProcedure:  {access.Edit, "discard"},
	apiv1connect.ConfigServiceCompareProcedure:  {access.Look, "compare"},
	apiv1connect.ConfigServiceCheckProcedure:    {access.Edit, "commit check"},
	apiv1connect.ConfigServiceCommitProcedure:   {access.Edit, "commit"},
	apiv1connect.ConfigServiceConfirmProcedure:  {access.Edit, "confirm"},
	apiv1connect.ConfigServiceReturnProcedure:   {access.Edit, "return"},
	apiv1connect.ConfigServiceLockProcedure:     {access.Lock, "lock"},
	apiv1connect.ConfigServiceUnlockProcedure:   {access.Edit, "unlock"},
	apiv1connect.ConfigServiceGetProcedure:      {access.Look, "show configuration"},
	apiv1connect.ConfigServiceStatusProcedure:   {access.Look, ""},
	apiv1connect.ConfigServiceHistoryProcedure:  {access.Look, "show history"},
	apiv1connect.ConfigServiceSessionsProcedure: {access.Look, "show sessions"},
	apiv1connect.ConfigServiceDriftProcedure:    {access.Look, "show drift"},
	apiv1connect.ConfigServiceReapplyProcedure:  {access.Repair, "reapply"},
	apiv1connect.ConfigServiceCompleteProcedure: {access.Look, ""},
	apiv1connect.ConfigServiceResolveProcedure:  {access.Look, ""},

	apiv1connect.OperateServiceListProcedure:       {access.Look, ""},
	apiv1connect.OperateServiceShowProcedure:       {access.Look, "show"},
	apiv1connect.OperateServiceValuesProcedure:     {access.Look, ""},
	apiv1connect.OperateServicePingProcedure:       {access.Probe, "ping"},
	apiv1connect.OperateServiceTracerouteProcedure: {access.Probe, "traceroute"},
	apiv1connect.OperateServiceCaptureProcedure:    {access.Capture, "tcpdump"},
	apiv1connect.OperateServiceMonitorProcedure:    {access.Look, "monitor interface"},
	apiv1connect.OperateServiceAttachProcedure:     {access.Attach, "attach"},

	apiv1connect.ServiceServiceListProcedure:    {access.Look, ""},
	apiv1connect.ServiceServiceInspectProcedure: {access.Look, "show service"},
	apiv1connect.ServiceServiceRunProcedure:     {access.Serve, "service run"},
	apiv1connect.ServiceServiceRemoveProcedure:  {access.Serve, "service rm"},
	apiv1connect.ServiceServiceStopProcedure:    {access.Attach, "service stop"},
	apiv1connect.ServiceServiceStartProcedure:   {access.Attach, "service start"},
	apiv1connect.ServiceServiceLogsProcedure:    {access.Attach, "service logs"},
	apiv1connect.ServiceServiceCallProcedure:    {access.Attach, "service call"},
}

// ruleOf returns what a call is. The error is Permission if nobody has said.
func ruleOf(procedure string) (rule, error) {
	r, ok := rules[procedure]
	if !ok {
		return r, &linkspan.Error{Code: linkspan.Permission, Message: fmt.Sprintf("no rule says who may call %s", procedure)}
	}
	return r, nil
}
