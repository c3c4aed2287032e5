// SPDX-License-Identifier: Apache-2.0

package verdicts

import (
	_ "embed" // for the table
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
)

//go:embed table.txt
var text string

// Read reads the table.
func Read() (*Table, error) { return parse(text) }

// reader is in the middle of a table.
type reader struct {
	table Table
	scene *Scene
	line  int
	rows  int
	// opened has the rows of protocols without ports, from whom and to whom: what goes
	// the other way would be an answer.
	opened map[string]int
}

// lines by their first word; a line of another is a row.
var lines = map[string]func(r *reader, words []string) error{
	"network":   (*reader).network,
	"container": (*reader).container,
	"scene":     (*reader).newScene,
	"group":     (*reader).group,
	"link":      (*reader).link,
	"policy":    (*reader).policy,
}

func parse(text string) (*Table, error) {
	var r reader
	for line := range strings.Lines(text) {
		r.line++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := r.read(words); err != nil {
			return nil, fmt.Errorf("table.txt:%d: %w", r.line, err)
		}
	}
	return &r.table, nil
}

// read reads a line.
func (r *reader) read(words []string) error {
	special, ok := lines[words[0]]
	switch {
	case r.scene == nil && (!ok || !slices.Contains([]string{"network", "container", "scene"}, words[0])):
		return errors.New("it is of no scene")
	case ok:
		return special(r, words[1:])
	}
	return r.row(words)
}

// count refuses a line of too few words.
func count(words []string, least int, want string) error {
	if len(words) < least {
		return fmt.Errorf("%d words; expected %s", len(words), want)
	}
	return nil
}

func (r *reader) network(w []string) error {
	if err := count(w, 2, "network NAME SUBNET"); err != nil {
		return err
	}
	subnet, err := netip.ParsePrefix(w[1])
	r.table.Networks = append(r.table.Networks, Network{w[0], subnet})
	return err
}

func (r *reader) container(w []string) error {
	if err := count(w, 4, "container NAME HOST NETWORK ADDRESS [LABEL...]"); err != nil {
		return err
	}
	address, err := netip.ParseAddr(w[3])
	if err != nil {
		return err
	}
	c := Container{Name: w[0], Host: w[1], Network: w[2], Address: address, Labels: make(map[string]string)}
	for _, label := range w[4:] {
		key, value, ok := strings.Cut(label, "=")
		if !ok {
			return fmt.Errorf("label %q is not KEY=VALUE", label)
		}
		c.Labels[key] = value
	}
	r.table.Containers = append(r.table.Containers, c)
	return nil
}

func (r *reader) newScene(w []string) error {
	r.scene = &Scene{Name: strings.Join(w, " ")}
	r.opened = make(map[string]int)
	r.table.Scenes = append(r.table.Scenes, r.scene)
	return nil
}

func (r *reader) group(w []string) error {
	if err := count(w, 2, "group NAME NETWORK..."); err != nil {
		return err
	}
	r.scene.Groups = append(r.scene.Groups, Group{w[0], w[1:]})
	return nil
}

func (r *reader) link(w []string) error {
	if err := count(w, 3, "link allow|deny A B"); err != nil {
		return err
	}
	r.scene.Links = append(r.scene.Links, Link{linkspan.LinkVerdict(w[0]), w[1], w[2]})
	return nil
}

// policy reads NAME PRIORITY ACTION FROM -> TO [PORTS...].
func (r *reader) policy(w []string) (err error) {
	if err := count(w, 6, "policy NAME PRIORITY ACTION FROM -> TO [PORTS...]"); err != nil {
		return err
	}
	p := linkspan.Policy{Name: w[0]}
	priority, err := strconv.ParseUint(w[1], 10, 16)
	if err != nil {
		return err
	}
	p.Priority = uint16(priority)
	if p.Action, err = linkspan.ParsePolicyAction(w[2]); err != nil {
		return err
	}
	if p.From, err = side(w[3]); err != nil {
		return err
	}
	if p.To, err = side(w[5]); err != nil {
		return err
	}
	for _, text := range w[6:] {
		ports, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			return err
		}
		p.Ports = append(p.Ports, ports)
	}
	r.scene.Policies = append(r.scene.Policies, p)
	return p.Validate()
}

// side reads any, or selectors divided by |, of fields divided by commas.
func side(text string) (all []linkspan.Selector, err error) {
	if text == "any" {
		return nil, nil
	}
	for one := range strings.SplitSeq(text, "|") {
		var s linkspan.Selector
		for field := range strings.SplitSeq(one, ",") {
			if err := selector(&s, field); err != nil {
				return nil, err
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// selector reads a field as linkspan.Selector.String writes it.
func selector(s *linkspan.Selector, field string) (err error) {
	name, value, _ := strings.Cut(field, ":")
	switch name {
	case "network":
		s.Network = value
	case "group":
		s.Group = value
	case "endpoint":
		s.Endpoint = value
	case "cidr":
		s.CIDR, err = netip.ParsePrefix(value)
	case "label":
		if s.Labels == nil {
			s.Labels = make(map[string]string)
		}
		key, value, _ := strings.Cut(value, "=")
		s.Labels[key] = value
	default:
		return fmt.Errorf("selector %q is not known", field)
	}
	return err
}

// row reads FROM TO WHAT VERDICT BY.
func (r *reader) row(w []string) (err error) {
	if err := count(w, 5, "FROM TO WHAT VERDICT BY"); err != nil {
		return err
	}
	r.rows++
	row := Row{Number: r.rows, Line: r.line, From: w[0], To: w[1], By: w[4]}
	if row.What, err = linkspan.ParsePolicyPorts(w[2]); err != nil {
		return err
	}
	if row.Verdict, err = linkspan.ParsePolicyAction(w[3]); err != nil {
		return err
	}
	if r.table.Container(row.From) == nil {
		return fmt.Errorf("there is no container %s", row.From)
	}
	if _, err := r.table.Address(row.To); err != nil {
		return err
	}
	if row.What.Whole() { // without ports
		if at, ok := r.opened[row.To+" "+row.From+" "+w[2]]; ok {
			return fmt.Errorf("%s cannot be told from an answer to line %d", w[2], at)
		}
		r.opened[row.From+" "+row.To+" "+w[2]] = r.line
	}
	r.scene.Rows = append(r.scene.Rows, row)
	return nil
}
