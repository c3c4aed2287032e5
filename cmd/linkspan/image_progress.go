// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// steps shows what is being done, on a terminal with how far it is.
type steps struct {
	*progress
	now string
}

// step tells the step and how far it is, from 0 to 1.
func (s *steps) step(text string, done float64) {
	switch {
	case s.quiet:
	case s.terminal:
		if text != s.now {
			s.end()
		}
		s.open = true
		_, _ = fmt.Fprintf(s.out, "\r\x1b[K%s", text)
		if done > 0 {
			_, _ = fmt.Fprintf(s.out, " %3.0f %%", 100*min(done, 1))
		}
	case text != s.now:
		_, _ = fmt.Fprintln(s.out, text)
	}
	s.now = text
}
