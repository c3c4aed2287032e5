// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func (s *stage) policy(w []string) error {
	id, err := strconv.ParseUint(w[0], 10, 16)
	if err != nil {
		return err
	}
	priority, err := strconv.ParseUint(w[1], 10, 16)
	if err != nil {
		return err
	}
	actions := map[string]linkspan.PolicyAction{"allow": linkspan.PolicyAllow, "deny": linkspan.PolicyDeny, "reject": linkspan.PolicyReject}
	p := &linkspan.Policy{ID: linkspan.PolicyID(id), Name: fmt.Sprint("policy", id), Priority: uint16(priority), Action: actions[strings.TrimSuffix(w[2], "+log")]}
	p.Log = strings.HasSuffix(w[2], "+log")
	if len(w) > 4 {
		p.From, p.To = containerSide(w[3]), containerSide(w[4])
		for _, text := range w[5:] {
			ports, err := linkspan.ParsePolicyPorts(text)
			if err != nil {
				return err
			}
			p.Ports = append(p.Ports, ports)
		}
	}
	s.hub.Update(view.PutPolicy(p))
	return nil
}

// containerSide selects a container by name or by a label; any is everybody.
func containerSide(name string) []linkspan.Selector {
	if name == "any" {
		return nil
	}
	if key, value, is := strings.Cut(name, "="); is {
		return []linkspan.Selector{{Labels: map[string]string{key: value}}}
	}
	return []linkspan.Selector{{Endpoint: name}}
}

// describe has Docker tell name and labels of a container.
func (s *stage) describe(w []string) error {
	s.mu.Lock()
	e := *s.endpoints[w[0]]
	e.Container, e.Undescribed, e.Labels = w[0], false, make(map[string]string)
	for _, label := range w[1:] {
		key, value, _ := strings.Cut(label, "=")
		e.Labels[key] = value
	}
	s.endpoints[w[0]] = &e
	s.mu.Unlock()
	s.hub.Update(view.PutEndpoint(&e))
	return nil
}

// use tells what policies decided about.
func (s *stage) use([]string) error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	all, missing := s.hub.PolicyUse(ctx)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		u := all[id]
		s.note(0, fmt.Sprintf("%s: asked %d times, %d packets, %d bytes", s.hub.View().Policy(id).Name, u.Decisions, u.Packets, u.Bytes))
	}
	for _, id := range missing {
		s.note(0, s.chassisName(id)+" is missing")
	}
	return nil
}

func (s *stage) repeal(w []string) error {
	id, err := strconv.ParseUint(w[0], 10, 16)
	s.hub.Update(view.RemovePolicy(linkspan.PolicyID(id)))
	return err
}
