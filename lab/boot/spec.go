// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The names in a node's folder.
const (
	SpecFile  = "spec.json"
	InitFile  = "init.json"
	StateFile = "state.json"
	HeldFile  = "held.json"
	JoinFile  = "join"
	LogDir    = "log"
	DiskDir   = "disk"
	RunDir    = "run"
)

// The names of the programs that a node runs.
const (
	OVSDBServer = "ovsdb-server"
	VSwitchd    = "ovs-vswitchd"
	Dockerd     = "dockerd"
	Switch      = "switch"
	Controller  = "controller"
)

// Role says what a node is.
type Role string

// The roles.
const (
	RoleFabric     Role = "fabric"
	RoleController Role = "controller"
	RoleHost       Role = "host"
)

// Spec is what a node is to be.
type Spec struct {
	Name           string   `json:"name"` // its host name
	Role           Role     `json:"role"`
	Dir            string   `json:"dir"`                       // its folder, absolute
	Outside        string   `json:"outside"`                   // the mount namespace of who started it; never its own
	Binary         string   `json:"binary"`                    // the linkspan program, absolute
	Dockerd        string   `json:"dockerd,omitempty"`         // absolute, or a name to look up
	NoDocker       bool     `json:"no_docker,omitempty"`       // run no dockerd
	CgroupParent   string   `json:"cgroup_parent,omitempty"`   // where its containers' groups go
	LiveRestore    bool     `json:"live_restore,omitempty"`    // containers outlive dockerd
	RunSwitch      bool     `json:"run_switch,omitempty"`      // run `linkspan serve switch`
	ControllerAddr string   `json:"controller_addr,omitempty"` // host and port a switch joins
	Advertise      string   `json:"advertise,omitempty"`       // the address a controller is known by
	Args           []string `json:"args,omitempty"`            // more arguments for `linkspan serve`
}

// ReadSpec reads what Write wrote.
func ReadSpec(file string) (Spec, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return Spec{}, fmt.Errorf("read node: %w", err)
	}
	var s Spec
	if err := json.Unmarshal(raw, &s); err != nil {
		return Spec{}, fmt.Errorf("read node %s: %w", file, err)
	}
	return s, nil
}

// Write puts the spec into the node's folder and returns the file's path.
func (s Spec) Write() (string, error) {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write node: %w", err)
	}
	file := filepath.Join(s.Dir, SpecFile)
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return "", fmt.Errorf("write node: %w", err)
	}
	return file, nil
}
