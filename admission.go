// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Admission is what a switch lets scripts have. It is data, which the switch's owner may narrow;
// nothing that a script or an image says widens it.
type Admission struct {
	Capabilities  []string          `json:"capabilities"`  // of capabilities(7), for every service
	Images        []ImageAdmission  `json:"images"`        // what services of some images may have besides
	Repositories  []string          `json:"repositories"`  // patterns of package path: where images may be from
	Volumes       []string          `json:"volumes"`       // patterns of COMPOSITE/NAME
	Configuration []string          `json:"configuration"` // first words of paths that scripts may set
	Limits        MemberLimits      `json:"limits"`        // the most that one service may use; 0: what a script may say at all
	Refused       map[string]string `json:"refused"`       // fields that are none, and why: for people who try them
}

// ImageAdmission is what services of an image may have besides.
type ImageAdmission struct {
	Repository   string   `json:"repository"`
	Capabilities []string `json:"capabilities"`
}

// DefaultAdmission is what a switch admits whose owner says nothing else.
func DefaultAdmission() Admission {
	return Admission{
		Capabilities: []string{
			"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW",
			"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE", "SYS_RESOURCE",
		},
		Images:       []ImageAdmission{{"base/routing", []string{"SYS_ADMIN"}}}, // FRR's zebra does not start without
		Repositories: []string{"*", "*/*", "*/*/*"},
		Volumes:      []string{"*/*"},
		Configuration: []string{
			"acls", "control", "flow-export", "interfaces", "lldp", "mirrors", "ports", "protocols", "qos", "routes", "services", "spanning-tree", "switching", "vlans",
		},
		Refused: map[string]string{
			"privileged":   "services are never privileged",
			"pid":          "services have a process namespace of their own",
			"ipc":          "services share no memory with the host",
			"uts":          "services have a host name of their own",
			"userns":       "services do not choose their user namespace",
			"userns_mode":  "services do not choose their user namespace",
			"network_mode": "services have their composite's network namespace, never the host's",
			"networkMode":  "services have their composite's network namespace, never the host's",
			"hostNetwork":  "services have their composite's network namespace, never the host's",
			"devices":      "services have no devices of the host",
			"cap_add":      "capabilities are written as capabilities",
			"security_opt": "no service is less confined than the others",
			"cgroup":       "services do not choose their control group",
			"ports":        "composites are reached by attach and expose",
			"build":        "images come from the registry",
		},
	}
}

// Problems returns what of a script is not admitted; paths are those of its file.
func (a *Admission) Problems(s *Script) []Problem {
	var all problems
	for i, line := range s.Configure {
		words := strings.Fields(line)
		if len(words) > 1 && !slices.Contains(a.Configuration, words[1]) {
			all.add(fmt.Sprintf("spec.configuration[%d]", i), "scripts may not set "+words[1], "one of "+strings.Join(a.Configuration, ", "))
		}
	}
	for i := range s.Composites {
		c := &s.Composites[i]
		for j := range c.Services {
			a.member(&all, fmt.Sprintf("spec.composites[%d].services[%d]", i, j), c, &c.Services[j])
		}
	}
	return all
}

func (a *Admission) member(p *problems, at string, c *Composite, m *CompositeMember) {
	r, _ := ParseImageReference(m.Image) // else it is refused already
	if !matches(a.Repositories, r.Repository) {
		p.add(at+".image", "images of "+r.Repository+" are not admitted", "one of "+strings.Join(a.Repositories, ", "))
	}
	allowed := a.of(r.Repository)
	for i, name := range m.Capabilities {
		if !slices.Contains(allowed, name) {
			p.add(fmt.Sprintf("%s.capabilities[%d]", at, i), "capability "+name+" is not admitted", "one of "+strings.Join(allowed, ", "))
		}
	}
	for i, v := range m.Volumes {
		if !matches(a.Volumes, c.Name+"/"+v.Name) {
			p.add(fmt.Sprintf("%s.volumes[%d].name", at, i), "volume "+c.Name+"/"+v.Name+" is not admitted", "one of "+strings.Join(a.Volumes, ", "))
		}
	}
	if l := a.Limits; l.CPUs > 0 && m.Limits.CPUs > l.CPUs || l.Memory > 0 && m.Limits.Memory > l.Memory || l.PIDs > 0 && m.Limits.PIDs > l.PIDs {
		p.add(at+".limits", "the service may use more than is admitted", fmt.Sprintf("at most %g CPUs, %d bytes and %d processes, where they are not 0", l.CPUs, l.Memory, l.PIDs))
	}
}

// of returns the capabilities that services of a repository may have.
func (a *Admission) of(repository string) []string {
	allowed := a.Capabilities
	for _, more := range a.Images {
		if more.Repository == repository {
			allowed = slices.Concat(allowed, more.Capabilities)
		}
	}
	return allowed
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}
