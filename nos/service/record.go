// SPDX-License-Identifier: Apache-2.0

package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
)

// record is what this switch is to run, on disk.
type record struct {
	Last       uint64            `json:"last"` // generation that was given
	Salt       string            `json:"salt"` // of the addresses of interfaces; made once
	Composites map[string]placed `json:"composites"`
	Change     *change           `json:"change,omitempty"` // under way
}

// placed is a composite with the generations of its containers, each of which has one of its own.
type placed struct {
	Spec    linkspan.Composite `json:"spec"`
	By      string             `json:"by"` // who asked for it
	Sandbox uint64             `json:"sandbox"`
	Members map[string]uint64  `json:"members"`
	Stopped map[string]bool    `json:"stopped,omitempty"` // by somebody, until it is started again
}

// change is one set of composites taking the place of another.
type change struct {
	Phase string             `json:"phase"`
	By    string             `json:"by"`
	Next  map[string]*placed `json:"next"` // nil: it goes
}

// The phases of a change.
const (
	phasePrepared  = "prepared"  // the containers of the new set are there, and do not run
	phaseSwitched  = "switched"  // the new set runs, or is about to; the containers of the old one are kept
	phaseReturning = "returning" // the old set runs, or is about to; the containers of the new one go
)

// wanted returns what is to run.
func (r *record) wanted() map[string]placed {
	all := maps.Clone(r.Composites)
	if all == nil {
		all = map[string]placed{}
	}
	if r.Change == nil || r.Change.Phase != phaseSwitched {
		return all
	}
	for name, p := range r.Change.Next {
		if p == nil {
			delete(all, name)
			continue
		}
		all[name] = *p
	}
	return all
}

// kept returns the composites whose containers stay beside what is to run, and do not run: of the
// set that a change may go on to, or go back to.
func (r *record) kept() map[string]placed {
	all := map[string]placed{}
	if r.Change == nil || r.Change.Phase == phaseReturning {
		return all
	}
	for name, p := range r.Change.Next {
		switch old, there := r.Composites[name]; {
		case r.Change.Phase == phaseSwitched && there:
			all[name] = old
		case r.Change.Phase == phasePrepared && p != nil:
			all[name] = *p
		}
	}
	return all
}

// next gives a composite its generations: what is as before keeps its own.
func (r *record) next(c linkspan.Composite) placed {
	old, there := r.Composites[c.Name]
	p := placed{Spec: c, Members: map[string]uint64{}, Stopped: map[string]bool{}}
	same := there && norm(old.Spec.Attach) == norm(c.Attach)
	if same {
		p.Sandbox = old.Sandbox
	} else {
		r.Last++
		p.Sandbox = r.Last
	}
	for _, m := range c.Services {
		if before, had := member(old.Spec, m.Name); same && had && sameMember(before, m) {
			p.Members[m.Name] = old.Members[m.Name]
			if old.Stopped[m.Name] {
				p.Stopped[m.Name] = true
			}
			continue
		}
		r.Last++
		p.Members[m.Name] = r.Last
	}
	return p
}

// sameMember says that nothing differs for which a container is made anew.
func sameMember(a, b linkspan.CompositeMember) bool {
	a.Calls, a.DependsOn, a.Health, a.Overlap = nil, nil, nil, false
	b.Calls, b.DependsOn, b.Health, b.Overlap = nil, nil, nil, false
	return norm(a) == norm(b)
}

// norm is a value as JSON, in which nothing is the same as an empty list.
func norm(v any) string {
	text, _ := json.Marshal(v) // of words, which can always be written
	return string(text)
}

func member(c linkspan.Composite, name string) (linkspan.CompositeMember, bool) {
	for _, m := range c.Services {
		if m.Name == name {
			return m, true
		}
	}
	return linkspan.CompositeMember{}, false
}

// recordFile is where the record is.
const recordFile = "composites.json"

// readRecord reads the record; there may be none yet.
func readRecord(d config.Disk) (record, error) {
	r := record{Composites: map[string]placed{}}
	text, err := d.Read(recordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("what runs in composites: %w", err)
	}
	if r.Composites == nil {
		r.Composites = map[string]placed{}
	}
	return r, nil
}

// write writes the record: all of it or nothing, and for good when it returns.
func (r *record) write(d config.Disk) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	const fresh = recordFile + ".new"
	if err = d.Write(fresh, text); err == nil {
		err = errors.Join(d.Rename(fresh, recordFile), d.Sync())
	}
	if err != nil {
		return fmt.Errorf("write down what runs in composites: %w", err)
	}
	return nil
}

// clone returns a record that can be changed.
func (r *record) clone() record {
	text, err := json.Marshal(r)
	c := record{}
	if err == nil { // of words, which can always be written
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		panic(err)
	}
	if c.Composites == nil {
		c.Composites = map[string]placed{}
	}
	return c
}
