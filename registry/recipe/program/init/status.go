// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"
)

// settled is how long a process that was started again must have run to count as running.
const settled = time.Second

// state is what is told of one process.
type state struct {
	Name     string    `json:"name"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Restarts int       `json:"restarts"`
}

// tell writes down what runs; a container whose /run cannot be written has no check.
func (s *supervisor) tell() {
	all := make([]state, len(s.all))
	for i, p := range s.all {
		all[i] = state{p.Name, p.pid, p.started, p.restarts}
	}
	text, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(s.status+".new", text, 0o644)
	}
	if err == nil {
		err = os.Rename(s.status+".new", s.status)
	}
	if err != nil {
		say("%v", err)
	}
}

// check says which process does not run.
func check(status string) error {
	text, err := os.ReadFile(status)
	if err != nil {
		return err
	}
	var all []state
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for _, p := range all {
		if p.PID == 0 || syscall.Kill(p.PID, 0) == syscall.ESRCH {
			return fmt.Errorf("%s does not run", p.Name)
		}
		if p.Restarts > 0 && time.Since(p.Started) < settled {
			return fmt.Errorf("%s has only just been started again", p.Name)
		}
	}
	return nil
}
