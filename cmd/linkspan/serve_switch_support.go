// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/support"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// switchUnits are the services of a switch's host whose logs are collected.
func switchUnits() []string {
	return []string{"linkspan-switch", "linkspan-controller", "openvswitch-switch", "ovsdb-server", "ovs-vswitchd", "docker"}
}

// supportOptions says what is collected of a switch that runs.
func (n *nos) supportOptions() support.Options {
	s := n.role
	o := support.Options{
		Folder:  "linkspan-" + s.name,
		Secrets: append(support.Secrets(n.manager.Running()), os.Getenv(trust.TokenVariable)),
		Sources: []support.Source{
			{Name: "version.json", Read: inJSON(func(context.Context) (any, error) { return thisBuild(), nil })},
			{Name: "status.json", Read: inJSON(n.supportStatus)},
			{Name: "doctor.json", Read: n.supportChecks},
			{Name: "configuration/running.txt", Read: func(context.Context) ([]byte, error) { return n.manager.Running().Text(tree.Commands, tree.Hide), nil }},
			{Name: "configuration/history.json", Read: inJSON(func(context.Context) (any, error) { return n.manager.History(), nil })},
			{Name: "configuration/sessions.json", Read: inJSON(func(context.Context) (any, error) { return n.manager.Sessions(), nil })},
			{Name: "configuration/drift.json", Read: inJSON(func(ctx context.Context) (any, error) { return n.manager.Drift(ctx) })},
			{Name: "audit.json", Read: inJSON(func(context.Context) (any, error) { return audit.Verify(n.audit.Dir(), n.audit.Last()) })},
		},
	}
	o.Sources = append(o.Sources, support.Host(support.HostOptions{OVSRunDir: s.ovsRunDir, Units: switchUnits(), State: []string{s.stateDir, filepath.Dir(s.plugin)}})...)
	for i, source := range o.Sources {
		if strings.HasPrefix(source.Name, "logs/") {
			o.Sources[i].Read = n.withoutAudit(source.Read)
		}
	}
	return o
}

// withoutAudit takes records of the audit log out of a log, for those who may not read that.
func (n *nos) withoutAudit(read func(context.Context) ([]byte, error)) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		text, err := read(ctx)
		if n.may(access.Audit)(ctx) == nil {
			return text, err
		}
		lines := slices.DeleteFunc(strings.SplitAfter(string(text), "\n"), isAudit)
		return []byte(strings.Join(lines, "")), err
	}
}

// supportStatus is how the switch is, in a few words.
func (n *nos) supportStatus(context.Context) (any, error) {
	ready, status := n.role.status()
	fault := ""
	if err := n.manager.Fault(); err != nil {
		fault = err.Error()
	}
	pending, is := n.manager.Pending()
	return map[string]any{"name": n.role.name, "ready": ready, "status": status, "fault": fault, "to_be_confirmed": is, "pending": pending, "controllers": n.role.controllers}, nil
}

// supportChecks is what doctor says.
func (n *nos) supportChecks(ctx context.Context) ([]byte, error) {
	return protojson.MarshalOptions{Multiline: true}.Marshal(&apiv1.SystemServiceCheckResponse{Checks: n.role.checks(ctx)})
}

func inJSON(read func(context.Context) (any, error)) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		value, err := read(ctx)
		if err != nil {
			return nil, err
		}
		return json.MarshalIndent(value, "", "  ")
	}
}
