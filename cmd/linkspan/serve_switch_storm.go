// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/ovs/storm"
)

// newStorm makes the storm control of this host.
func (h *host) newStorm() (*storm.Watch, error) {
	return storm.New(storm.Config{
		Ports: h.stormPorts, Traffic: metrics.Traffic{Bridge: h.ovs}, Report: h.fabric.Report, Log: h.role.log,
	}.Default())
}

// stormPorts returns the ports of containers.
func (h *host) stormPorts() []storm.Port {
	endpoints := h.model.Endpoints()
	ports := make([]storm.Port, 0, len(endpoints))
	for i := range endpoints {
		e := &endpoints[i]
		n, err := h.model.Network(e.Network)
		if err != nil || !n.Bound() || e.State != cnm.Joined || e.Leaving != nil {
			continue
		}
		ports = append(ports, storm.Port{
			Number: e.Port, Container: e.Container, Network: n.Fabric, Address: e.Address.Addr(), Address6: e.Address6.Addr(), MAC: e.MAC,
			Link: e.HostInterface, Sandbox: e.SandboxKey,
		})
	}
	return ports
}

// checkStorm says who floods.
func (h *host) checkStorm() *apiv1.Check {
	return stormCheck(h.storm.Report())
}

func stormCheck(r storm.Report) *apiv1.Check {
	switch {
	case len(r.Floods) > 0:
		var texts []string
		for _, f := range r.Floods {
			texts = append(texts, f.String())
		}
		return check("storm control", apiv1.Check_STATE_WARNING, strings.Join(texts, "; "),
			"what runs in it? docker top "+r.Floods[0].Port.Container)
	case r.Trouble != "":
		return check("storm control", apiv1.Check_STATE_WARNING, "not for all containers: "+r.Trouble, "a flood of theirs takes time from others")
	}
	return check("storm control", apiv1.Check_STATE_OK, fmt.Sprintf("watches %d ports, none floods", r.Fenced), "")
}
