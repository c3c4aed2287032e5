// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"
	"sync"
	"time"

	"github.com/linkspan/linkspan/trust/audit"
)

// How much one user has written down of what changes nothing. All of it would let anybody
// who may look push the records of others out of the audit log, which keeps a bounded number.
const (
	commandsWhole  = 300         // at most at once
	commandsReturn = time.Second // how soon one more may be written
	mostOfCommand  = 256         // bytes of its text, and of why it was refused
	mostBudgets    = 1024        // users who are remembered
)

// budgets counts, by users' names, what was written down of late.
type budgets struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]*budget
}

type budget struct {
	left  int // that may be written
	since time.Time
	more  int // that were not written and not told
}

func newBudgets(now func() time.Time) *budgets { return &budgets{now: now, all: map[string]*budget{}} }

// take says whether a command of a user is written down, else it is counted; and how many
// were not since the last that was.
func (b *budgets) take(who string) (more int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	one := b.all[who]
	if one == nil {
		b.forget(now)
		one = &budget{left: commandsWhole, since: now}
		b.all[who] = one
	}
	one.refill(now)
	if one.left == 0 {
		one.more++
		return 0, false
	}
	one.left--
	more, one.more = one.more, 0
	return more, true
}

// forget forgets users about whom there is nothing to remember, when there are many.
func (b *budgets) forget(now time.Time) {
	if len(b.all) < mostBudgets {
		return
	}
	for who, one := range b.all {
		if one.refill(now); one.left == commandsWhole && one.more == 0 {
			delete(b.all, who)
		}
	}
}

// refill gives back what time has brought.
func (b *budget) refill(now time.Time) {
	if n := now.Sub(b.since) / commandsReturn; n > 0 {
		b.since = b.since.Add(n * commandsReturn)
		b.left = int(min(commandsWhole, time.Duration(b.left)+n))
	}
}

// moreOf is the entry about commands of a user that were not written down.
func moreOf(e audit.Entry, more int) audit.Entry {
	e.Kind, e.Text, e.Revision = audit.Command, fmt.Sprintf("%d more commands", more), 0
	e.Error = "there were too many to write each down"
	return e
}

// cut returns the beginning of a text that a user has sent.
func cut(text string) string {
	if len(text) <= mostOfCommand {
		return text
	}
	return fmt.Sprintf("%s... (%d bytes)", text[:mostOfCommand], len(text))
}
