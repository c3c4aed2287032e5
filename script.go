// SPDX-License-Identifier: Apache-2.0

package linkspan

import "time"

// Script is a behavior script: what some switches are to be, and how they come to be it. It is
// written as YAML with apiVersion linkspan/v1 and kind Behavior, see package api/scriptfile.
type Script struct {
	Name       string            `json:"name"` // unique; one that is pushed again is a new serial of the same
	Labels     map[string]string `json:"labels,omitempty"`
	Targets    Targets           `json:"targets"`
	Configure  []string          `json:"configuration,omitempty"` // set commands of control, ports, vlans and what images bring
	Composites []Composite       `json:"composites,omitempty"`
	Rollout    Rollout           `json:"rollout,omitzero"`
	Gates      []Gate            `json:"gates,omitempty"`
	Window     *Window           `json:"window,omitempty"` // nil: at any time
}

// Targets are the switches that a script is for: all that any of the three says.
type Targets struct {
	Names      []string          `json:"names,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`     // all of them
	NeighborOf []string          `json:"neighborOf,omitempty"` // switches to which they have a link, by LLDP
}

// Composite is several services behind one call interface, in one network namespace.
type Composite struct {
	Name     string            `json:"name"`
	Attach   []Attachment      `json:"attach,omitempty"`
	Services []CompositeMember `json:"services"`
	Expose   *Exposure         `json:"expose,omitempty"` // nil: on its socket alone
}

// Attachment is an interface of a composite's namespace: a port of the switch in a VLAN, or an
// endpoint of a network of the fabric.
type Attachment struct {
	Interface string   `json:"interface"`           // its name there: eth0
	VLAN      uint16   `json:"vlan,omitempty"`      // layer-2 port of br-switch
	Network   string   `json:"network,omitempty"`   // or endpoint of a hot-plug network
	Addresses []string `json:"addresses,omitempty"` // with prefix lengths; of a network at most one of each family without
}

// CompositeMember is a service of a composite: a container.
type CompositeMember struct {
	Name         string            `json:"name"`
	Image        string            `json:"image"` // REPOSITORY[:TAG]@sha256:DIGEST once it is signed
	Command      []string          `json:"command,omitempty"`
	Environment  map[string]string `json:"environment,omitempty"`
	Volumes      []Volume          `json:"volumes,omitempty"`
	Capabilities []string          `json:"capabilities,omitempty"` // within what the switch allows
	Limits       MemberLimits      `json:"limits,omitzero"`
	Health       *HealthCheck      `json:"health,omitempty"`    // nil: as the image says
	DependsOn    map[string]string `json:"dependsOn,omitempty"` // by member: started or healthy
	Calls        []string          `json:"calls,omitempty"`     // SERVICE or SERVICE/NAME of the composite that it may call
}

// Volume is a folder that a member keeps: below the switch's folder of services, under a name of the composite.
type Volume struct {
	Name     string `json:"name"`
	Path     string `json:"path"` // in the container, absolute
	ReadOnly bool   `json:"readOnly,omitzero"`
}

// MemberLimits bound what a member uses; 0: the switch's default.
type MemberLimits struct {
	CPUs   float64 `json:"cpus,omitzero"`
	Memory uint64  `json:"memory,omitzero"` // bytes
	PIDs   int     `json:"pids,omitzero"`
}

// Exposure opens a composite's calls to the network, by TLS with client certificates.
type Exposure struct {
	Address string   `json:"address"` // ADDRESS:PORT of the switch
	Calls   []string `json:"calls"`   // SERVICE or SERVICE/NAME
}

// Rollout says in which order switches take a script.
type Rollout struct {
	Canary         int      `json:"canary,omitzero"`         // switches that take it first, alone
	Waves          []string `json:"waves,omitempty"`         // after it: numbers, or percentages of the rest; none: all the rest
	MaxUnavailable int      `json:"maxUnavailable,omitzero"` // at once; default 1
	Soak           Duration `json:"soak,omitzero"`           // between waves
	AbortAfter     int      `json:"abortAfter,omitzero"`     // failures; default 1
}

// Gate is what must hold on a switch before a script is committed there, and while it soaks.
type Gate struct {
	Name    string   `json:"name"`
	Call    string   `json:"call,omitempty"`    // COMPOSITE/SERVICE/NAME answers without error
	Healthy string   `json:"healthy,omitempty"` // COMPOSITE or COMPOSITE/MEMBER is healthy
	Within  Duration `json:"within,omitzero"`   // default 1 min
}

// Window is when a script may be applied, each day that it names.
type Window struct {
	Days     []string `json:"days,omitempty"`     // mon to sun; none: every day
	From     string   `json:"from"`               // HH:MM
	To       string   `json:"to"`                 // HH:MM; before From: on the next day
	TimeZone string   `json:"timezone,omitempty"` // of the IANA database; default UTC
}

// Statement is what is signed: a script bound to switches, time and order. See package trust/sign.
type Statement struct {
	Type     string            `json:"type"`    // StatementType
	Fleet    string            `json:"fleet"`   // identity of the registry, made once
	Targets  []string          `json:"targets"` // names of switches; resolved before it was signed
	Epoch    uint64            `json:"epoch"`
	Serial   uint64            `json:"serial"` // grows within an epoch
	Issued   time.Time         `json:"issued"`
	Expires  time.Time         `json:"expires"`
	Previous string            `json:"previous,omitempty"` // digest of the statement before, sha256:...
	Images   map[string]string `json:"images"`             // digests by the references that the script uses
	Script   Script            `json:"script"`
}

// StatementType is the type in a [Statement], and of the envelope's payload.
const StatementType = "application/vnd.linkspan.behavior.v1+json"
