// SPDX-License-Identifier: Apache-2.0

package cnmtest

import (
	"sync"

	"github.com/linkspan/linkspan"
)

// Kill lets everything outside of a process fail from one step on, as if the
// process had died there. Each operation is two steps: before it takes effect,
// and after that but before its answer arrives. The zero value kills nothing.
type Kill struct {
	mu    sync.Mutex
	armed bool
	at    int
	steps int
}

// At makes step n, counted from 0, and all after it fail.
func (k *Kill) At(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed, k.at, k.steps = true, n, 0
}

// Revive ends the failing.
func (k *Kill) Revive() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed = false
}

// Struck says whether a step has failed since At.
func (k *Kill) Struck() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.armed && k.steps > k.at
}

func (k *Kill) step(op string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.steps++
	if k.armed && k.steps > k.at {
		return &linkspan.Error{Code: linkspan.Internal, Op: op, Message: "killed"}
	}
	return nil
}

// around does an operation between its two steps.
func (k *Kill) around(op string, do func() error) error {
	if err := k.step(op); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return k.step(op)
}
