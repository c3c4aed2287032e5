// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// holds knows which programs are to stay down.
type holds struct {
	dir *os.Root

	mu      sync.Mutex
	names   []string
	changed chan struct{} // closed and replaced at each change
}

func newHolds(dir *os.Root) *holds { return &holds{dir: dir, changed: make(chan struct{})} }

// read takes over what held.json says; without the file nothing is held.
func (h *holds) read() error {
	raw, err := h.dir.ReadFile(HeldFile)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = []byte("[]"), nil
	}
	if err != nil {
		return fmt.Errorf("read holds: %w", err)
	}
	var names []string
	if err := json.Unmarshal(raw, &names); err != nil {
		return fmt.Errorf("read holds: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = names
	close(h.changed)
	h.changed = make(chan struct{})
	return nil
}

// held reports whether the program is to stay down now, and returns what is
// closed when that may have changed.
func (h *holds) held(name string) (bool, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.names, name), h.changed
}

// wait returns true once the program may run, false when ctx ends before.
func (h *holds) wait(ctx context.Context, name string) bool {
	for {
		held, changed := h.held(name)
		if !held {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}
