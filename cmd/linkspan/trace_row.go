// SPDX-License-Identifier: Apache-2.0

package main

// traceRow is a trace as it is printed.
type traceRow struct {
	From    traceEndRow     `json:"from"`
	To      traceEndRow     `json:"to"`
	Ports   string          `json:"ports"` // as a policy has them
	Verdict traceVerdictRow `json:"verdict"`
	Reverse traceVerdictRow `json:"reverse"` // of opening the same in the other direction
	Path    tracePathRow    `json:"path"`
	Hops    []traceHopRow   `json:"hops"`
	ToAllow []remedyRow     `json:"to_allow"`
	Probe   *traceProbeRow  `json:"probe,omitempty"`
}

// traceEndRow is one end.
type traceEndRow struct {
	Name    string `json:"name,omitempty"` // switch/container.network
	Address string `json:"address"`
	Network string `json:"network,omitempty"`
	Switch  string `json:"switch,omitempty"`
	Driver  string `json:"driver,omitempty"`
	MAC     string `json:"mac,omitempty"`
	Port    uint32 `json:"port,omitempty"`
}

// traceVerdictRow is what becomes of packets.
type traceVerdictRow struct {
	Verdict  string         `json:"verdict"` // allowed, denied, rejected, elsewhere
	Rule     string         `json:"rule"`
	Reason   string         `json:"reason"`
	Policy   string         `json:"policy,omitempty"`
	Priority *uint32        `json:"priority,omitempty"`
	Places   []string       `json:"places,omitempty"` // fields of the policy: spec.from[0]
	Group    string         `json:"group,omitempty"`
	Link     string         `json:"link,omitempty"`
	Asked    []traceStepRow `json:"asked"`
}

type traceStepRow struct {
	Rule   string `json:"rule"`
	Says   string `json:"says"`
	Detail string `json:"detail"`
}

type tracePathRow struct {
	Transport string `json:"transport,omitempty"`
	Reason    string `json:"reason,omitempty"`
	MTU       uint32 `json:"mtu,omitempty"`
	Tracked   bool   `json:"tracked"`
	Class     string `json:"class,omitempty"`
}

type traceHopRow struct {
	Kind    string         `json:"kind"` // container, switch, wire, outside
	Name    string         `json:"name"`
	Detail  string         `json:"detail,omitempty"`
	Missing bool           `json:"missing,omitempty"`
	Flows   []traceFlowRow `json:"flows"`
}

type traceFlowRow struct {
	Table   string `json:"table"`
	What    string `json:"what"`
	Back    bool   `json:"back"`
	Class   string `json:"class,omitempty"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Age     string `json:"age"`
	Idle    string `json:"idle"`
	Text    string `json:"text"`
}

// remedyRow is what to type.
type remedyRow struct {
	Commands []string `json:"commands"`
	File     string   `json:"file,omitempty"`
	Opens    string   `json:"opens"`
}

type traceProbeRow struct {
	Outcome string          `json:"outcome"` // delivered, denied, dropped, lost, waiting, unseen
	Packet  string          `json:"packet"`
	Events  []traceEventRow `json:"events"`
}

type traceEventRow struct {
	Switch      string  `json:"switch"`
	AfterMillis float64 `json:"after_ms"`
	Kind        string  `json:"kind"`
	Table       string  `json:"table,omitempty"`
	Transport   string  `json:"transport,omitempty"`
	To          string  `json:"to,omitempty"`
	Verdict     string  `json:"verdict,omitempty"`
	Reason      string  `json:"reason,omitempty"`
}
