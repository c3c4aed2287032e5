// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"
)

func TestTimeToConfirm(t *testing.T) {
	for text, want := range map[string]time.Duration{"5": 5 * time.Minute, "90s": 90 * time.Second, "1h": time.Hour} {
		var c confirmTime
		if err := c.Set(text); err != nil || time.Duration(c) != want {
			t.Errorf("%s: %s, %v", text, time.Duration(c), err)
		}
	}
	for _, text := range []string{"", "five", "5 m", "99999999999"} {
		if err := new(confirmTime).Set(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
