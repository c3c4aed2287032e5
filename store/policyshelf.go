// SPDX-License-Identifier: Apache-2.0

package store

import "sync"

// policyShelf keeps the policies as they were read or written last: to change one of
// thousands, the others need not be read and decoded anew. It is ready for use as it is.
type policyShelf struct {
	mu   sync.Mutex
	book *policyBook
}

// known returns what is kept, or nil; it must not be changed.
func (s *policyShelf) known() *policyBook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book
}

// keep keeps a book, unless a later one is there.
func (s *policyShelf) keep(b *policyBook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.book == nil || s.book.revision <= b.revision {
		s.book = b
	}
}
