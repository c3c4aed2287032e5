// SPDX-License-Identifier: Apache-2.0

package forward

import "strings"

// span is numbers from one to another, both included.
type span struct{ low, high uint16 }

// masked is the numbers whose bits of mask are those of value.
type masked struct{ value, mask uint16 }

// spans reads a set of VLANs or a range of ports, "10,20-30".
func spans(text string) []span {
	var list []span
	for part := range strings.SplitSeq(text, ",") {
		low, high, two := strings.Cut(part, "-")
		if !two {
			high = low
		}
		list = append(list, span{uint16(number(low)), uint16(number(high))})
	}
	return list
}

// masks returns the fewest masked values that have just the numbers of the span, in their
// order: at most 30, as each step takes the largest block that begins where the last one ended.
func (s span) masks() []masked {
	var list []masked
	for at, end := uint32(s.low), uint32(s.high)+1; at < end; {
		size := uint32(1)
		for at&(2*size-1) == 0 && at+2*size <= end {
			size *= 2
		}
		list = append(list, masked{uint16(at), uint16(^(size - 1))})
		at += size
	}
	return list
}
