// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// bytesFlag is a number of bytes, as people write it.
type bytesFlag int64

var _ pflag.Value = (*bytesFlag)(nil)

// String implements the interface.
func (b *bytesFlag) String() string { return size(uint64(*b)) }

// Type implements the interface.
func (*bytesFlag) Type() string { return "bytes" }

// Set implements the interface: "64MB", "1.5GB", "4096"; 1 MB is a million.
func (b *bytesFlag) Set(text string) error {
	number, unit := strings.TrimSpace(text), 1.0
	for i, suffix := range []string{"kB", "MB", "GB", "TB"} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = rest, math.Pow(1000, float64(i+1))
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(number, "B"), 64)
	if err != nil || n < 0 || n*unit > math.MaxInt64/2 || math.IsNaN(n) {
		return fmt.Errorf("%q is no size like 64MB or 1.5GB", text)
	}
	*b = bytesFlag(n * unit)
	return nil
}
