// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Validate says whether s can be signed and carried out, but for what only others know: names of
// switches, images and what they offer, the switch's configuration, and what a switch admits. The
// error has code Invalid and names the first field that is wrong.
func (s *Script) Validate() error {
	for _, problem := range s.Problems() {
		return problem.Err("script", s.Name)
	}
	return nil
}

// Problems returns all that is wrong with s by itself; paths are those of its file.
func (s *Script) Problems() []Problem {
	var all problems
	all.check("metadata.name", ValidateName("script", s.Name), wantName)
	all.check("metadata.labels", ValidateLabels("the script", s.Labels), "fewer or shorter ones")
	all.targets(&s.Targets)
	all.configuration(s.Configure)
	all.most("spec.composites", len(s.Composites), MaxComposites)
	named := map[string]*Composite{}
	for i := range s.Composites {
		at := fmt.Sprintf("spec.composites[%d]", i)
		c := &s.Composites[i]
		if named[c.Name] != nil {
			all.add(at+".name", "composite "+c.Name+" is there twice", "another name")
		}
		named[c.Name] = c
		all.composite(at, c)
	}
	all.exposures(s.Composites)
	all.rollout(&s.Rollout)
	all.gates(s.Gates, named)
	if s.Window != nil {
		all.window(s.Window)
	}
	if len(s.Composites) == 0 && len(s.Configure) == 0 {
		all.add("spec", "the script says nothing that a switch is to be", "configuration, composites, or both")
	}
	return all
}

// most refuses more than a number of things.
func (p *problems) most(path string, n, most int) {
	if n > most {
		p.add(path, fmt.Sprintf("%d are too many", n), fmt.Sprintf("at most %d", most))
	}
}

func (p *problems) targets(t *Targets) {
	if len(t.Names) == 0 && len(t.Labels) == 0 && len(t.NeighborOf) == 0 {
		p.add("spec.targets", "no switch is named", "names, labels or neighborOf")
	}
	p.names("spec.targets.names", "switch", t.Names, MaxScriptTargets)
	p.names("spec.targets.neighborOf", "switch", t.NeighborOf, MaxScriptTargets)
	p.check("spec.targets.labels", ValidateLabels("the targets", t.Labels), "fewer or shorter ones")
}

// names checks a list of names, of which none is there twice.
func (p *problems) names(path, what string, names []string, most int) {
	p.most(path, len(names), most)
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		at := fmt.Sprintf("%s[%d]", path, i)
		p.check(at, ValidateName(what, name), wantName)
		if seen[name] {
			p.add(at, name+" is there twice", "each once")
		}
		seen[name] = true
	}
}

// wantConfigure says how a line of configuration is written.
const wantConfigure = "set and a path, as in set vlans 10 description offices"

func (p *problems) configuration(lines []string) {
	p.most("spec.configuration", len(lines), MaxConfigureLines)
	for i, line := range lines {
		at := fmt.Sprintf("spec.configuration[%d]", i)
		verb, rest, _ := strings.Cut(line, " ")
		switch {
		case len(line) > MaxConfigureLine:
			p.add(at, fmt.Sprintf("the line is %d bytes long", len(line)), fmt.Sprintf("at most %d", MaxConfigureLine))
		case !plain(line):
			p.add(at, "the line has control characters", wantConfigure)
		case verb != "set" || strings.TrimSpace(rest) == "":
			p.add(at, "the line is no set command; what a script no longer sets goes by itself", wantConfigure)
		}
	}
}

// plain says that a text is one line that can be shown.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' })
}

func (p *problems) gates(gates []Gate, composites map[string]*Composite) {
	p.most("spec.gates", len(gates), MaxGates)
	seen := map[string]bool{}
	for i, g := range gates {
		at := fmt.Sprintf("spec.gates[%d]", i)
		p.check(at+".name", ValidateName("gate", g.Name), wantName)
		if seen[g.Name] {
			p.add(at+".name", "gate "+g.Name+" is there twice", "another name")
		}
		seen[g.Name] = true
		if (g.Call == "") == (g.Healthy == "") {
			p.add(at, "it must be one of a call and what is healthy", "call: COMPOSITE/SERVICE/NAME, or healthy: COMPOSITE[/MEMBER]")
		}
		if g.Call != "" {
			p.gateCall(at+".call", g.Call, composites)
		}
		if g.Healthy != "" {
			p.gateHealthy(at+".healthy", g.Healthy, composites)
		}
		p.longest(at+".within", g.Within, MaxGateTime)
	}
}

func (p *problems) gateCall(path, call string, composites map[string]*Composite) {
	parts := strings.Split(call, "/")
	if len(parts) != 3 || !callName(parts[1]) || !callName(parts[2]) {
		p.add(path, "call "+quote(call)+" is not understood", "COMPOSITE/SERVICE/NAME")
	} else if composites[parts[0]] == nil {
		p.add(path, "the script has no composite "+parts[0], oneOf(composites))
	}
}

func (p *problems) gateHealthy(path, name string, composites map[string]*Composite) {
	of, member, some := strings.Cut(name, "/")
	c := composites[of]
	if c == nil {
		p.add(path, "the script has no composite "+of, oneOf(composites))
	} else if some && c.member(member) == nil {
		p.add(path, "composite "+of+" has no service "+member, "COMPOSITE/MEMBER")
	}
}

func oneOf[V any](m map[string]V) string {
	if len(m) == 0 {
		return ""
	}
	return "one of " + strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}

// longest refuses a duration above a limit.
func (p *problems) longest(path string, d, most Duration) {
	if d < 0 || d > most {
		p.add(path, d.String()+" is out of range", "0s to "+most.String())
	}
}

// callName says whether a name is one of a service or of a call: small letters, digits and '-',
// beginning with a letter; at most [MaxName] bytes.
func callName(s string) bool {
	for i, r := range s {
		if (r < 'a' || r > 'z') && (i == 0 || (r < '0' || r > '9') && r != '-') {
			return false
		}
	}
	return s != "" && len(s) <= MaxName
}
