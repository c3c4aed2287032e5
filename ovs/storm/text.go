// SPDX-License-Identifier: Apache-2.0

package storm

import "fmt"

// String says what is limited.
func (l Limit) String() string {
	switch {
	case l.All:
		return fmt.Sprintf("all it sends to %d packets/s", allTop)
	case len(l.Destinations) == 1:
		return fmt.Sprintf("what it sends to %s to %d packets/s", l.Destinations[0], deniedTop)
	case l.Any():
		return fmt.Sprintf("what it sends to %d denied destinations to %d packets/s", len(l.Destinations), deniedTop)
	}
	return "nothing"
}

// String tells of the flood in a line.
func (s State) String() string {
	limit := s.Limit.String()
	if s.Kind != IPv4 {
		limit = fmt.Sprintf("this to %d packets/s", strayRate)
	}
	sends := fmt.Sprintf("sends %d packets/s in vain", s.Rate)
	if s.Rate == 0 { // found at the start, and not looked at yet
		sends = "sent much in vain"
	}
	return fmt.Sprintf("%s on port %d %s (%s); the host limits %s", s.Port.Container, s.Port.Number, sends, s.Kind, limit)
}
