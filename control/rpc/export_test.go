// SPDX-License-Identifier: Apache-2.0

package rpc

import "time"

// Recheck has standing streams' certificates looked at so often.
func (s *Server) Recheck(every time.Duration) { s.recheck = every }
