// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// census notes which hosts are there before a change: those that answer.
func (s *step) census(ctx context.Context) error {
	s.answered = make(map[place]bool)
	begun := time.Now()
	silent, err := s.ask(ctx, begun, answerTime/2, nil)
	if err != nil {
		return err
	}
	s.k.mu.Lock()
	defer s.k.mu.Unlock()
	for _, h := range s.concerned() {
		s.answered[h.place] = !silent[h.place]
	}
	return nil
}

// watch asks the hosts that were there before the change whether they still are.
func (s *step) watch(ctx context.Context) error {
	silent, err := s.ask(ctx, time.Now(), s.k.options.Watch, s.answered)
	if err != nil || len(silent) == 0 {
		return err
	}
	var names []string
	for at := range silent {
		names = append(names, fmt.Sprintf("%s in vlan %d", at.address, at.vlan))
	}
	const shown = 5
	if n := len(names); n > shown {
		names = append(names[:shown], fmt.Sprintf("%d more", n-shown))
	}
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: "hosts are not reached after the change: " + strings.Join(names, ", "),
		Hint: "they answered before it; it was taken back",
	}
}

// ask asks the hosts that the change is about until all have answered that are in of, nil
// for all, or the time is over. It returns who has not.
func (s *step) ask(ctx context.Context, since time.Time, limit time.Duration, of map[place]bool) (map[place]bool, error) {
	k := s.k
	for {
		silent := make(map[place]bool)
		k.mu.Lock()
		if k.live == nil {
			k.mu.Unlock()
			return nil, errAway
		}
		for _, h := range s.concerned() {
			if h.heard.After(since) || of != nil && !of[h.place] {
				continue
			}
			silent[h.place] = true
			k.question(h)
		}
		k.mu.Unlock()
		if len(silent) == 0 || time.Since(since) > limit {
			return silent, nil
		}
		if pause(ctx, sample/2); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}
