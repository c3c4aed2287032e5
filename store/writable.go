// SPDX-License-Identifier: Apache-2.0

package store

import "github.com/linkspan/linkspan/store/kv"

// Writable returns why nothing can be stored now, as far as the backend knows
// without asking: its disk is nearly full.
func (s *Store) Writable() error {
	if guarded, ok := s.kv.(kv.Guarded); ok {
		return guarded.Writable()
	}
	return nil
}
