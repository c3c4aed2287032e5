// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// The conditions of a dependency.
const (
	DependStarted = "started"
	DependHealthy = "healthy"
)

func (p *problems) member(at string, m *CompositeMember, c *Composite) {
	p.check(at+".name", ValidateName("service", m.Name), wantName)
	_, err := ParseImageReference(m.Image)
	p.check(at+".image", err, WantImage)
	p.commandWords(at+".command", m.Command)
	p.environment(at+".environment", m.Environment)
	p.volumes(at+".volumes", m.Volumes)
	p.capabilities(at+".capabilities", m.Capabilities)
	p.limits(at+".limits", m.Limits)
	if m.Health != nil {
		p.memberHealth(at+".health", m.Health)
	}
	for _, on := range slices.Sorted(maps.Keys(m.DependsOn)) {
		where := at + ".dependsOn." + on
		if on == m.Name || c.member(on) == nil {
			p.add(where, "composite "+c.Name+" has no other service "+on, "a service of the composite")
		}
		if how := m.DependsOn[on]; how != DependStarted && how != DependHealthy {
			p.add(where, "condition "+quote(how)+" is not known", DependStarted+" or "+DependHealthy)
		}
	}
	p.calls(at+".calls", m.Calls)
}

// commandWords checks a command with its arguments.
func (p *problems) commandWords(at string, words []string) {
	p.most(at, len(words), MaxCommandWords)
	for i, word := range words {
		if len(word) > MaxCommandWord || strings.ContainsRune(word, 0) || i == 0 && word == "" {
			p.add(fmt.Sprintf("%s[%d]", at, i), "the word cannot be passed on", fmt.Sprintf("at most %d bytes, none of them zero", MaxCommandWord))
		}
	}
}

func (p *problems) environment(at string, all map[string]string) {
	p.most(at, len(all), MaxEnvironment)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !variableName(name) {
			p.add(at+"."+name, quote(name)+" is no name of a variable", "letters, digits and '_', not beginning with a digit")
		}
		if value := all[name]; len(value) > MaxCommandWord || strings.ContainsRune(value, 0) {
			p.add(at+"."+name, "the value cannot be passed on", fmt.Sprintf("at most %d bytes, none of them zero", MaxCommandWord))
		}
	}
}

// variableName says whether a name is one of the environment (POSIX.1-2017, Base Definitions, 8.1).
func variableName(s string) bool {
	for i, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= MaxText
}

func (p *problems) volumes(at string, volumes []Volume) {
	p.most(at, len(volumes), MaxMemberVolumes)
	seen := map[string]bool{}
	for i, v := range volumes {
		where := fmt.Sprintf("%s[%d]", at, i)
		p.check(where+".name", ValidateName("volume", v.Name), "a name: volumes are folders that the switch gives, and no paths of it")
		if !volumePath(v.Path) {
			p.add(where+".path", "nothing can be at "+quote(v.Path), "an absolute path without .., not the root, /proc, /sys, /dev or /run/linkspan")
		}
		if seen[v.Path] {
			p.add(where+".path", v.Path+" is there twice", "another path")
		}
		seen[v.Path] = true
	}
}

// volumePath says whether a volume may be at a path of a container.
func volumePath(s string) bool {
	if !path.IsAbs(s) || path.Clean(s) != s || s == "/" || len(s) > MaxText || !plain(s) || strings.ContainsAny(s, ":,") {
		return false
	}
	for _, kept := range []string{"/proc", "/sys", "/dev", "/run/linkspan"} {
		if s == kept || strings.HasPrefix(s, kept+"/") {
			return false
		}
	}
	return s != "/run"
}

func (p *problems) capabilities(at string, names []string) {
	seen := map[string]bool{}
	for i, name := range names {
		where := fmt.Sprintf("%s[%d]", at, i)
		if !capabilityName(name) {
			p.add(where, "capability "+quote(name)+" is not understood", "a name of capabilities(7) without CAP_, as in NET_ADMIN")
		}
		if seen[name] {
			p.add(where, name+" is there twice", "each once")
		}
		seen[name] = true
	}
}

func capabilityName(s string) bool {
	return s != "" && s != "ALL" && len(s) <= 32 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" && !strings.HasPrefix(s, "CAP_")
}

func (p *problems) limits(at string, l MemberLimits) {
	if !(l.CPUs >= 0 && l.CPUs <= MaxCPUs) {
		p.add(at+".cpus", fmt.Sprintf("%g is out of range", l.CPUs), fmt.Sprintf("more than 0, at most %d", MaxCPUs))
	}
	if l.Memory != 0 && (l.Memory < MinMemory || l.Memory > MaxMemory) {
		p.add(at+".memory", fmt.Sprintf("%d is out of range", l.Memory), fmt.Sprintf("%d to %d bytes", MinMemory, MaxMemory))
	}
	if l.PIDs < 0 || l.PIDs > MaxPIDs {
		p.add(at+".pids", fmt.Sprintf("%d is out of range", l.PIDs), fmt.Sprintf("1 to %d", MaxPIDs))
	}
}

func (p *problems) memberHealth(at string, h *HealthCheck) {
	if (len(h.Command) == 0) == (h.Call == "") {
		p.add(at, "it must be one of a command and a call", "command or call")
	}
	p.commandWords(at+".command", h.Command)
	if h.Call != "" {
		p.callOf(at+".call", h.Call, true)
	}
	p.longest(at+".interval", h.Interval, MaxGateTime)
	p.longest(at+".timeout", h.Timeout, MaxGateTime)
	p.longest(at+".start", h.Start, MaxGateTime)
	if h.Retries < 0 || h.Retries > 100 {
		p.add(at+".retries", fmt.Sprintf("%d is out of range", h.Retries), "0 to 100")
	}
}

func (p *problems) calls(at string, calls []string) {
	p.most(at, len(calls), MaxCallNames)
	for i, call := range calls {
		p.callOf(fmt.Sprintf("%s[%d]", at, i), call, false)
	}
}

// callOf checks SERVICE or SERVICE/NAME, or only the latter.
func (p *problems) callOf(at, call string, named bool) {
	service, name, some := strings.Cut(call, "/")
	if !callName(service) || some && !callName(name) || named && !some {
		p.add(at, "call "+quote(call)+" is not understood", "SERVICE or SERVICE/NAME, in small letters, digits and '-'")
	}
}
