// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/gateway"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/service"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// makeComposites makes what keeps services in containers. Docker need not be there.
func (n *nos) makeComposites() (err error) {
	s := n.role
	if n.placed, err = config.OpenDirectory(filepath.Join(s.stateDir, "composites")); err != nil {
		return err
	}
	policy := service.DefaultPolicy()
	if len(s.settings.capabilities) > 0 {
		policy.Capabilities = s.settings.capabilities
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	var calls func(string, string, time.Duration)
	if s.page != nil {
		n.called = metrics.ServiceCalls()
		s.page.Register(n.called)
		calls = n.called.Observe
	}
	volumes := s.settings.volumes
	if volumes == "" {
		volumes = filepath.Join(filepath.Dir(s.stateDir), "volumes")
	}
	n.composites, err = service.Open(service.Options{
		Docker: n.services().Address, Disk: n.placed, Run: s.settings.sockets, Volumes: volumes, Program: program,
		Policy: policy, Ports: n.switching, Driver: driverName, Local: n.ownService, TLS: n.exposedTLS, Peer: peerName, Calls: calls, Audit: n.auditCall, Log: s.log,
	})
	return err
}

func (n *nos) closeComposites() error {
	var errs []error
	if n.called.HistogramVec != nil {
		n.role.page.Unregister(n.called)
	}
	if n.composites != nil {
		errs = append(errs, n.composites.Close())
	}
	if n.placed != nil {
		errs = append(errs, n.placed.Close())
	}
	return errors.Join(errs...)
}

// exposedTLS is by what certificate composites are served to the network: that of this switch.
func (n *nos) exposedTLS() (*tls.Config, error) {
	h := n.role.host.Load()
	if h == nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch is in no fabric yet, and so has no certificate"}
	}
	return h.own.ServerConfig()
}

// peerName is who calls a composite from the network.
func peerName(cert *x509.Certificate) string {
	id, err := trust.IdentityOf(cert)
	if err != nil {
		return cert.Subject.CommonName
	}
	return id.Label()
}

// auditCall writes down what a service did to this switch, or tried to.
func (n *nos) auditCall(who, text string, err error) {
	e := audit.Entry{Kind: audit.Call, Who: who, How: "service", Text: text}
	if err != nil {
		e.Error = err.Error()
	}
	if linkspan.CodeOf(err) == linkspan.Permission {
		e.Kind = audit.Denied
	}
	if _, err := n.audit.Append(e); err != nil {
		n.role.log.Error("the audit log cannot be written", "error", err)
	}
}

// The calls of this switch's own service.
const (
	ownService  = "switch"
	callSetMode = "set-mode"
)

// ownService is this switch as a service of each composite. What changes it must be allowed by name.
func (n *nos) ownService() []gateway.Service {
	modes := []string{"traditional", "sdn", "hybrid"}
	return []gateway.Service{{
		Guarded: true, Local: n.callOwn,
		ServiceManifest: linkspan.ServiceManifest{Name: ownService, Calls: []linkspan.Call{
			{Name: "ports", Summary: "ports of the bridge"},
			{Name: "routes", Summary: "routes that the switch itself sends by"},
			{Name: "mode", Summary: "who decides about packets"},
			{Name: callSetMode, Summary: "have another one decide about packets", Changes: true, Arguments: []linkspan.Argument{{Name: "mode", Type: "one of", OneOf: modes, Required: true}}},
		}},
	}}
}

// callOwn makes a call of this switch's own service.
func (n *nos) callOwn(ctx context.Context, c gateway.Caller, call string, arguments map[string]string) (any, error) {
	if call == callSetMode {
		return n.setMode(ctx, c, arguments["mode"])
	}
	shown := map[string]string{"ports": "ports", "routes": "route", "mode": "control"}
	report, err := n.shown.Show(ctx, shown[call], nil)
	if err != nil {
		return nil, err
	}
	text, err := report.JSON()
	return json.RawMessage(text), err
}

// setMode commits a configuration with another mode, as the service that asked for it.
func (n *nos) setMode(ctx context.Context, c gateway.Caller, mode string) (any, error) {
	who := strings.ReplaceAll("service "+c.Name, "/", "-")
	client := n.inside.As(rpc.Caller{User: access.User{Name: who, Role: trust.RoleOperator, Local: true}, How: "api"})
	defer client.Close()
	_, err := client.Config.Change(ctx, connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Form: apiv1.ConfigForm_CONFIG_FORM_SET, Text: []byte("set control mode " + mode)}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	r, err := client.Config.Commit(ctx, connect.NewRequest(&apiv1.ConfigServiceCommitRequest{Comment: fmt.Sprintf("mode %s, asked for by %s", mode, who)}))
	if err != nil {
		_, left := client.Config.Discard(context.WithoutCancel(ctx), connect.NewRequest(&apiv1.ConfigServiceDiscardRequest{}))
		return nil, errors.Join(api.FromRPC(err), api.FromRPC(left))
	}
	return map[string]any{"mode": mode, "revision": r.Msg.GetRevision().GetNumber(), "unchanged": r.Msg.GetUnchanged()}, nil
}
