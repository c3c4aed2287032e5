// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// State is what a node tells about its programs.
type State struct {
	Components []Component `json:"components"`
}

// Component is one program of a node.
type Component struct {
	Name     string    `json:"name"`
	PID      int       `json:"pid"`                 // its number inside of the node; 0 while it does not run
	Ready    bool      `json:"ready"`               // it answers on its socket
	Held     bool      `json:"held,omitempty"`      // it is to stay down
	Starts   int       `json:"starts"`              // how often it was started in this boot
	Since    time.Time `json:"since"`               // of the last change
	LastExit string    `json:"last_exit,omitempty"` // how it ended the last time
	Waiting  string    `json:"waiting,omitempty"`   // what it waits for before it starts
}

// Component returns the program of that name.
func (s State) Component(name string) (Component, bool) {
	i := slices.IndexFunc(s.Components, func(c Component) bool { return c.Name == name })
	if i < 0 {
		return Component{}, false
	}
	return s.Components[i], true
}

// Pending returns the programs that should be ready and are not.
func (s State) Pending() []Component {
	var pending []Component
	for _, c := range s.Components {
		if !c.Ready && !c.Held {
			pending = append(pending, c)
		}
	}
	return pending
}

// ReadState reads the state of the node in the folder dir; known is false
// while the node has not got so far as to write one.
func ReadState(dir string) (s State, known bool, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, StateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, false, nil
	}
	if err != nil {
		return State{}, false, fmt.Errorf("read node state: %w", err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return State{}, false, fmt.Errorf("read node state in %s: %w", dir, err)
	}
	return s, true, nil
}
