// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
)

// rates prints the rows of a cell with a unit of its own.
func (c *Cell) rates(b *bytes.Buffer) {
	fmt.Fprintf(b, "| subject | %s | per %s CPU second | p50 | p99 | segments sent again/s | idle cores | trials |\n|---|---|---|---|---|---|---|---|\n", c.Unit, c.CPU)
	for i := range c.Rows {
		mid := c.Rows[i].middle()
		median, high := "-", "-"
		if mid.Median != 0 {
			median, high = micro(mid.Median), micro(mid.High)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %.2f | %d |\n", c.Rows[i].Subject, rate(mid.PerSecond), rate(mid.PerCPUSecond), median, high,
			thousands(mid.Repeated), mid.Idle, len(c.Rows[i].Trials))
	}
}

func rate(n float64) string {
	if n < 100 && n != 0 {
		return fmt.Sprintf("%.2f", n)
	}
	return thousands(n)
}
