// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"encoding/json"
	"log/slog"
	"os"
	"sync"
	"time"
)

// board shows the state of the node's programs to the outside: one small file,
// replaced as a whole, so that a reader never sees half of it.
type board struct {
	dir *os.Root
	log *slog.Logger

	mu    sync.Mutex
	state State
}

func newBoard(dir *os.Root, log *slog.Logger, list []component) *board {
	b := &board{dir: dir, log: log, state: State{Components: []Component{}}}
	for _, c := range list {
		b.state.Components = append(b.state.Components, Component{Name: c.name, Since: time.Now()})
	}
	b.publish()
	return b
}

// set changes what is shown of the named program.
func (b *board) set(name string, change func(*Component)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.state.Components {
		if c := &b.state.Components[i]; c.Name == name {
			change(c)
			c.Since = time.Now()
		}
	}
	b.publish()
}

// publish is called with the lock held. A failure is logged only: the programs
// are more important than their being shown.
func (b *board) publish() {
	raw, err := json.Marshal(b.state)
	if err == nil {
		err = b.dir.WriteFile(StateFile+".new", raw, 0o644)
	}
	if err == nil {
		err = b.dir.Rename(StateFile+".new", StateFile)
	}
	if err != nil {
		b.log.Error("state not shown", "error", err)
	}
}
