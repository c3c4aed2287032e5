// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"sync"
	"time"
)

// The times and the size of a Cache.
const (
	Fresh     = time.Second    // how long an answer is used without asking again
	Stale     = 24 * time.Hour // how long it is used while the source does not answer
	askLimit  = time.Second    // of one call to the source
	askPause  = time.Second    // after a call that failed, until the next is tried
	maxKept   = 8192           // questions with an answer
	maxNobody = 8192           // questions with none, kept apart: whoever makes names up pushes out no others
)

// Cache is a Source that remembers what another one said. A source that is
// away costs one call's patience each askPause, and nobody waits for it in
// between.
type Cache struct {
	source Source
	now    func() time.Time

	mu     sync.Mutex
	kept   memory
	nobody memory
	away   time.Time // not asked before
}

var _ Source = (*Cache)(nil)

// NewCache remembers what the source says.
func NewCache(source Source) *Cache {
	return &Cache{source: source, now: time.Now, kept: newMemory(maxKept), nobody: newMemory(maxNobody)}
}

// Ask implements [Source]. When the source does not answer, what it said last
// counts; the error is the source's when it never said anything about one of
// the questions and has no answer to another.
func (c *Cache) Ask(ctx context.Context, questions []Question) ([][]Bearer, error) {
	answers, missing := c.recall(questions, Fresh)
	if len(missing) == 0 {
		return answers, nil
	}
	err := c.refresh(ctx, missing)
	if err == nil {
		answers, _ = c.recall(questions, Stale)
		return answers, nil
	}
	answers, missing = c.recall(questions, Stale)
	if len(missing) == len(questions) {
		return nil, err
	}
	return answers, nil // what is known, of the others nothing
}

// recall returns the answers of no more than an age, and the questions that
// have none.
func (c *Cache) recall(questions []Question, age time.Duration) (answers [][]Bearer, missing []Question) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answers = make([][]Bearer, len(questions))
	oldest := c.now().Add(-age)
	for i, q := range questions {
		said, ok := c.kept.get(q, oldest)
		if !ok {
			_, ok = c.nobody.get(q, oldest)
		}
		if !ok {
			missing = append(missing, q)
		}
		answers[i] = said
	}
	return answers, missing
}

// refresh asks the source, unless it failed a moment ago.
func (c *Cache) refresh(ctx context.Context, questions []Question) error {
	asked := c.now()
	c.mu.Lock()
	away := asked.Before(c.away)
	c.mu.Unlock()
	if away {
		return errAway
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answers, err := c.source.Ask(ctx, questions)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && len(answers) != len(questions) {
		err = errShort
	}
	if err != nil {
		c.away = c.now().Add(askPause)
		return err
	}
	for i, q := range questions {
		c.remember(q, answers[i], asked)
	}
	return nil
}

// remember keeps an answer as old as its question is.
func (c *Cache) remember(q Question, said []Bearer, at time.Time) {
	if len(said) == 0 {
		c.kept.drop(q)
		c.nobody.put(q, nil, at)
		return
	}
	c.nobody.drop(q)
	c.kept.put(q, said, at)
}
